"""The principals that assume a service's roles, and what the roles must allow.

Developer guide, "Amazon ECS task execution IAM role", "Amazon ECS infrastructure IAM role", and for secrets
"Pass Systems Manager parameters through Amazon ECS environment variables".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployer.local import iam
from deployer.local.conditions import Context
from deployer.local.roles import find

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

ECS_PRINCIPAL: Final = "ecs.amazonaws.com"
TASKS_PRINCIPAL: Final = "ecs-tasks.amazonaws.com"
AUTHORIZE: Final = "ecr:GetAuthorizationToken"
ON_REPOSITORY: Final = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
ON_LOGS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
CREATE_LOAD_BALANCER: Final = "elasticloadbalancing:CreateLoadBalancer"
# The tags with which ECS makes every request as the infrastructure role; AWS's managed policy allows no others.
MANAGED: Final = Context({"aws:ResourceTag/AmazonECSManaged": ["true"], "aws:RequestTag/AmazonECSManaged": ["true"]})


def may_provision(client: IAMClient, infrastructure_role: str) -> bool:
    """Return whether the infrastructure role may create the load balancer."""
    role = find(client, infrastructure_role)
    return role is not None and iam.allows(role.policies, CREATE_LOAD_BALANCER, None, MANAGED)
