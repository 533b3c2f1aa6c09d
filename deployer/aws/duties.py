"""The rights that each verb needs in one environment: what a policy for its people, or for CI, has to allow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from deployer.aws import rights
from deployer.aws.rights import SCALING, SERVICE, Need
from deployer.core.desired import Desired

Call: TypeAlias = tuple[str, dict[str, Any]]


def duties(desired: Desired) -> dict[str, tuple[Need, ...]]:
    """By verbs. What only some deployments need is left out: a new repository, a parameter that is pruned. So is what
    `destroy` needs: credentials that deploy every day had better not have it.

    So is iam:PassRole: a policy allows it under a condition, which a simulation does not know.
    """
    secrets = [parameter.path for parameter in desired.parameters if parameter.secure]
    group = {"logGroupName": f"/aws/apprunner/{desired.service_name}/*"}
    lines: list[Call] = [("logs:FilterLogEvents", group), ("logs:DescribeLogStreams", group)]
    wanted: dict[str, Iterable[Call]] = {
        "plan, status, drift": _looks(desired),
        "logs": [*_service(desired), *[("ssm:GetParameters", {"Names": name}) for name in secrets], *lines],
        "image push": _pushes(desired),
        "secret": [call for name in secrets for call in _secret(name)],
        "reconcile, rollback": [*_looks(desired), *_changes(desired), *lines],
    }
    return {verbs: _together(calls, desired) for verbs, calls in wanted.items()}


def _secret(name: str) -> Iterator[Call]:
    yield "ssm:GetParameters", {"Names": name}
    yield "ssm:PutParameter", {"Name": name, "Tags": []}
    yield "ssm:DeleteParameter", {"Name": name}


def _pushes(desired: Desired) -> Iterator[Call]:
    yield "ecr:DescribeRepositories", {"repositoryNames": desired.image.repository}
    yield "ecr:GetAuthorizationToken", {}
    calls = ("GetLifecyclePolicy", "DescribeImages", "PutImage", "BatchGetImage", "GetDownloadUrlForLayer")
    for call in (*(f"ecr:{name}" for name in calls), *rights.PUSHED):
        yield call, {"repositoryName": desired.image.repository}


def _looks(desired: Desired) -> Iterator[Call]:
    for name in (*[parameter.path for parameter in desired.parameters], *_ledger(desired)):
        yield "ssm:GetParameters", {"Names": name}
    yield "ssm:DescribeParameters", {}
    yield "ssm:GetParameterHistory", {"Name": f"{desired.ledger}/release"}
    yield "ecr:DescribeRepositories", {"repositoryNames": desired.image.repository}
    for call in ("ecr:GetLifecyclePolicy", "ecr:DescribeImages"):
        yield call, {"repositoryName": desired.image.repository}
    for role in desired.roles:
        yield "iam:GetRole", {"RoleName": role.name}
        yield "iam:GetRolePolicy", {"RoleName": role.name}
    yield from _service(desired)


def _service(desired: Desired) -> Iterator[Call]:
    yield "apprunner:ListServices", {}
    yield "apprunner:ListAutoScalingConfigurations", {}
    yield "apprunner:DescribeAutoScalingConfiguration", {"AutoScalingConfigurationArn": _arn(SCALING, desired)}
    yield "apprunner:DescribeService", {"ServiceArn": _arn(SERVICE, desired)}
    yield "apprunner:ListOperations", {"ServiceArn": _arn(SERVICE, desired)}
    yield "apprunner:ListTagsForResource", {"ResourceArn": _arn(SERVICE, desired)}


def _changes(desired: Desired) -> Iterator[Call]:
    for parameter in desired.parameters:
        yield "ssm:PutParameter", {"Name": parameter.path, "Tags": []}
    for name in _ledger(desired):
        yield "ssm:PutParameter", {"Name": name}
        yield "ssm:GetParameter", {"Name": name}
    yield "ssm:DeleteParameter", {"Name": f"{desired.ledger}/lock"}
    for call in ("ecr:BatchGetImage", "ecr:PutImage", "ecr:PutLifecyclePolicy"):
        yield call, {"repositoryName": desired.image.repository}
    for role in desired.roles:
        yield "iam:CreateRole", {"RoleName": role.name, "Tags": []}
        yield "iam:UpdateAssumeRolePolicy", {"RoleName": role.name}
        yield "iam:PutRolePolicy", {"RoleName": role.name}
    yield "apprunner:CreateAutoScalingConfiguration", {"AutoScalingConfigurationName": desired.service_name}
    yield "apprunner:DeleteAutoScalingConfiguration", {"AutoScalingConfigurationArn": _arn(SCALING, desired)}
    yield "apprunner:CreateService", {"ServiceName": desired.service_name}
    for call in ("UpdateService", "ResumeService"):
        yield f"apprunner:{call}", {"ServiceArn": _arn(SERVICE, desired)}
    yield "apprunner:TagResource", {"ResourceArn": _arn(SERVICE, desired)}


def _ledger(desired: Desired) -> Iterator[str]:
    yield from (f"{desired.ledger}/{name}" for name in ("release", "intended", "lock"))


def _arn(form: str, desired: Desired) -> str:
    """Its end is only known to App Runner, so it is the pattern that a policy has."""
    return form.format(region=desired.region, account=desired.account, name=desired.service_name)


def _together(calls: Iterable[Call], desired: Desired) -> tuple[Need, ...]:
    found: dict[str, dict[str, None]] = {}
    for call, parameters in calls:
        for need in rights.needs(call, parameters, desired.region, desired.account):
            if need.action != "iam:PassRole":
                found.setdefault(need.action, {}).update(dict.fromkeys(need.resources))
    return tuple(Need(action, tuple(resources)) for action, resources in found.items())
