"""The rights that App Runner's calls need, and the calls that each part of the deployer makes of it. Pure.

The actions and their resources are those of the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployer.core.desired import Desired
from deployer.core.policies.rights import AS_IT_IS, Right, simple
from deployer.core.target import Call, TargetRights
from deployer.targets.apprunner.settings import of_app_runner

SERVICE: Final = "arn:aws:apprunner:{region}:{account}:service/{name}/*"
SCALING: Final = "arn:aws:apprunner:{region}:{account}:autoscalingconfiguration/{name}/*/*"

_SERVICE, _REVISION = {"ServiceArn": AS_IT_IS}, {"AutoScalingConfigurationArn": AS_IT_IS}
# What a service may refer to beside its revision: resource types of both actions, and optional there.
_REFERRED = {
    "NetworkConfiguration.EgressConfiguration.VpcConnectorArn": AS_IT_IS,
    "ObservabilityConfiguration.ObservabilityConfigurationArn": AS_IT_IS,
}
_PASSED = {
    "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn": AS_IT_IS,
    "InstanceConfiguration.InstanceRoleArn": AS_IT_IS,
}

CALLS: Final[Mapping[str, tuple[Right, ...]]] = {
    **simple({}, "apprunner:ListServices", "apprunner:ListAutoScalingConfigurations"),
    **simple(_SERVICE, "apprunner:DescribeService", "apprunner:ListOperations", "apprunner:ResumeService"),
    **simple(_SERVICE, "apprunner:PauseService", "apprunner:StartDeployment", "apprunner:DeleteService"),
    **simple({"ResourceArn": AS_IT_IS}, "apprunner:TagResource", "apprunner:ListTagsForResource"),
    **simple(_REVISION, "apprunner:DescribeAutoScalingConfiguration", "apprunner:DeleteAutoScalingConfiguration"),
    "apprunner:CreateAutoScalingConfiguration": (
        Right("apprunner:CreateAutoScalingConfiguration", {"AutoScalingConfigurationName": SCALING}),
        Right("apprunner:TagResource", {"AutoScalingConfigurationName": SCALING}, "Tags"),
    ),
    "apprunner:CreateService": (
        Right("apprunner:CreateService", {"ServiceName": SERVICE, **_REVISION, **_REFERRED}),
        Right("apprunner:TagResource", {"ServiceName": SERVICE}, "Tags"),
        Right("iam:PassRole", _PASSED),
    ),
    "apprunner:UpdateService": (
        Right("apprunner:UpdateService", {**_SERVICE, **_REVISION, **_REFERRED}),
        Right("iam:PassRole", _PASSED),
    ),
}


def reads(desired: Desired) -> Iterator[Call]:
    """What reads the service."""
    yield "apprunner:ListServices", {}
    yield "apprunner:ListAutoScalingConfigurations", {}
    yield "apprunner:DescribeAutoScalingConfiguration", {"AutoScalingConfigurationArn": _arn(SCALING, desired)}
    yield "apprunner:DescribeService", {"ServiceArn": _arn(SERVICE, desired)}
    yield "apprunner:ListOperations", {"ServiceArn": _arn(SERVICE, desired)}
    yield "apprunner:ListTagsForResource", {"ResourceArn": _arn(SERVICE, desired)}


def changes(desired: Desired) -> Iterator[Call]:
    """What creates and updates the service."""
    yield "apprunner:CreateAutoScalingConfiguration", {"AutoScalingConfigurationName": desired.service_name, "Tags": []}
    yield "apprunner:DeleteAutoScalingConfiguration", {"AutoScalingConfigurationArn": _arn(SCALING, desired)}
    yield "apprunner:CreateService", {"ServiceName": desired.service_name, "Tags": [], **_deployed(desired)}
    yield "apprunner:UpdateService", {"ServiceArn": _arn(SERVICE, desired), **_deployed(desired)}
    yield "apprunner:TagResource", {"ResourceArn": _arn(SERVICE, desired)}


def turns(desired: Desired) -> Iterator[Call]:
    """What stops the service, and starts it again, without another release."""
    for call in ("PauseService", "ResumeService", "StartDeployment"):
        yield f"apprunner:{call}", {"ServiceArn": _arn(SERVICE, desired)}


def _deployed(desired: Desired) -> dict[str, Any]:
    settings = of_app_runner(desired)
    network, observability = settings.network, settings.observability
    return {
        "AutoScalingConfigurationArn": _arn(SCALING, desired),
        "SourceConfiguration": {"AuthenticationConfiguration": {"AccessRoleArn": settings.access_role}},
        "InstanceConfiguration": {"InstanceRoleArn": settings.instance_role},
        "NetworkConfiguration": {"EgressConfiguration": {"VpcConnectorArn": network.vpc_connector if network else ""}},
        "ObservabilityConfiguration": {
            "ObservabilityConfigurationArn": observability.configuration if observability else ""
        },
    }


def _arn(form: str, desired: Desired) -> str:
    """Its end is only known to App Runner, so it is the pattern that a policy has."""
    return form.format(region=desired.region, account=desired.account, name=desired.service_name)


RIGHTS: Final = TargetRights(
    calls=CALLS,
    reads=reads,
    changes=changes,
    turns=turns,
    # CreateService and UpdateService pass both roles. The Service Authorization Reference names bullet.amazonaws.com,
    # AWS's own AWSAppRunnerFullAccess names apprunner.amazonaws.com, and the roles trust the other two.
    passed_to=(
        "apprunner.amazonaws.com",
        "build.apprunner.amazonaws.com",
        "bullet.amazonaws.com",
        "tasks.apprunner.amazonaws.com",
    ),
    # App Runner developer guide, "Using service-linked roles".
    linked="arn:aws:iam::{account}:role/aws-service-role/apprunner.amazonaws.com/AWSServiceRoleForAppRunner",
)
