"""The rights that Express Mode's calls need, and the calls that each part of the deployer makes of it. Pure.

The actions and their resources are those of the Service Authorization Reference. Which further rights the two calls
that deploy need of their caller is not documented: they are those of AWS's own GitHub action for Express services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployer.core.desired import Desired
from deployer.core.policies.rights import AS_IT_IS, Right, simple
from deployer.core.target import Call, TargetRights
from deployer.targets.ecs_express.manifest import INFRASTRUCTURE
from deployer.targets.ecs_express.roles import ECS, TASKS, infrastructure_arn
from deployer.targets.ecs_express.settings import of_ecs_express

CLUSTER: Final = "default"
SERVICE: Final = "arn:aws:ecs:{region}:{account}:service/default/{name}"
DEPLOYMENT: Final = "arn:aws:ecs:{region}:{account}:service-deployment/default/{name}/*"
REVISION: Final = "arn:aws:ecs:{region}:{account}:service-revision/default/{name}/*"
TASK: Final = "arn:aws:ecs:{region}:{account}:task/default/*"
_CLUSTER: Final = "arn:aws:ecs:{region}:{account}:cluster/{name}"

_SERVICE = {"serviceArn": AS_IT_IS}
_PASSED = {"executionRoleArn": AS_IT_IS, "taskRoleArn": AS_IT_IS}

CALLS: Final[Mapping[str, tuple[Right, ...]]] = {
    **simple(_SERVICE, "ecs:DescribeExpressGatewayService", "ecs:DeleteExpressGatewayService"),
    **simple({"service": AS_IT_IS}, "ecs:ListServiceDeployments", "ecs:UpdateService"),
    **simple({"services": AS_IT_IS}, "ecs:DescribeServices"),
    **simple({"serviceDeploymentArns": AS_IT_IS}, "ecs:DescribeServiceDeployments"),
    **simple({"serviceRevisionArns": AS_IT_IS}, "ecs:DescribeServiceRevisions"),
    **simple({"clusters": _CLUSTER}, "ecs:DescribeClusters"),
    **simple({}, "ecs:ListTasks"),  # it takes only container instances, which Fargate has not
    **simple({"tasks": AS_IT_IS}, "ecs:DescribeTasks"),
    **simple({"resourceArn": AS_IT_IS}, "ecs:TagResource"),
    "ecs:CreateExpressGatewayService": (
        Right("ecs:CreateExpressGatewayService", {"serviceName": SERVICE}),
        Right("ecs:TagResource", {"serviceName": SERVICE}, "tags"),
        Right("ecs:CreateCluster"),
        Right("ecs:RegisterTaskDefinition"),
        Right("iam:PassRole", {**_PASSED, "infrastructureRoleArn": AS_IT_IS}),
    ),
    "ecs:UpdateExpressGatewayService": (
        Right("ecs:UpdateExpressGatewayService", _SERVICE),
        Right("ecs:RegisterTaskDefinition"),
        Right("iam:PassRole", _PASSED),
    ),
}


def service_arn(region: str, account: str, name: str) -> str:
    """The ARN of a service. It holds nothing but its cluster and its name."""
    return SERVICE.format(region=region, account=account, name=name)


def reads(desired: Desired) -> Iterator[Call]:
    """What reads the service."""
    yield "ecs:DescribeExpressGatewayService", {"serviceArn": _arn(SERVICE, desired)}
    yield "ecs:DescribeServices", {"services": _arn(SERVICE, desired)}
    yield "ecs:ListServiceDeployments", {"service": _arn(SERVICE, desired)}
    yield "ecs:DescribeServiceDeployments", {"serviceDeploymentArns": _arn(DEPLOYMENT, desired)}
    yield "ecs:DescribeServiceRevisions", {"serviceRevisionArns": _arn(REVISION, desired)}
    yield "ecs:DescribeClusters", {"clusters": CLUSTER}
    yield "ecs:ListTasks", {}
    yield "ecs:DescribeTasks", {"tasks": _arn(TASK, desired)}


def changes(desired: Desired) -> Iterator[Call]:
    """What creates and updates the service."""
    settings = of_ecs_express(desired)
    roles = {"executionRoleArn": settings.execution_role, "taskRoleArn": settings.task_role}
    infrastructure = infrastructure_arn(desired.account, desired.fixed[INFRASTRUCTURE])
    creation: dict[str, Any] = {"serviceName": desired.service_name, "tags": [], **roles}
    yield "ecs:CreateExpressGatewayService", {**creation, "infrastructureRoleArn": infrastructure}
    yield "ecs:UpdateExpressGatewayService", {"serviceArn": _arn(SERVICE, desired), **roles}
    yield "ecs:UpdateService", {"service": _arn(SERVICE, desired)}
    yield "ecs:TagResource", {"resourceArn": _arn(SERVICE, desired)}


def turns(desired: Desired) -> Iterator[Call]:
    """What stops the service, and starts it again, without another release."""
    yield "ecs:UpdateExpressGatewayService", {"serviceArn": _arn(SERVICE, desired)}
    yield "ecs:UpdateService", {"service": _arn(SERVICE, desired)}
    yield "ecs:TagResource", {"resourceArn": _arn(SERVICE, desired)}


def _arn(form: str, desired: Desired) -> str:
    return form.format(region=desired.region, account=desired.account, name=desired.service_name)


RIGHTS: Final = TargetRights(
    calls=CALLS,
    reads=reads,
    changes=changes,
    turns=turns,
    passed_to=(TASKS, ECS),
    # ECS developer guide, "Using service-linked roles for Amazon ECS".
    linked="arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
)
