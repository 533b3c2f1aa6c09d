"""What the deployer reads of ECS's answers and cannot work without, as in deployer/aws/answers.py. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

READ: Final[Mapping[str, tuple[str, ...]]] = {
    "ecs:CreateExpressGatewayService": ("service.serviceArn",),
    "ecs:UpdateExpressGatewayService": ("service.targetConfiguration.serviceRevisionArn",),
    "ecs:DescribeExpressGatewayService": ("service.serviceArn", "service.status.statusCode"),
    "ecs:ListServiceDeployments": (
        "serviceDeployments[].serviceDeploymentArn",
        "serviceDeployments[].targetServiceRevisionArn",
        "serviceDeployments[].status",
        "serviceDeployments[].createdAt",
    ),
    "ecs:DescribeServices": ("services[].serviceArn",),
}
