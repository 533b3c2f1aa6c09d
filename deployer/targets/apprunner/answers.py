"""What the deployer reads of App Runner's answers and cannot work without, as in deployer/aws/answers.py. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

READ: Final[Mapping[str, tuple[str, ...]]] = {
    "apprunner:ListServices": (
        "ServiceSummaryList[].ServiceName",
        "ServiceSummaryList[].ServiceArn",
        "ServiceSummaryList[].Status",
    ),
    "apprunner:DescribeService": (
        "Service.Status",
        "Service.SourceConfiguration",
        "Service.InstanceConfiguration",
        "Service.AutoScalingConfigurationSummary.AutoScalingConfigurationArn",
    ),
    "apprunner:ListTagsForResource": ("Tags",),
    "apprunner:ListOperations": (
        "OperationSummaryList[].Id",
        "OperationSummaryList[].Type",
        "OperationSummaryList[].Status",
    ),
    "apprunner:ListAutoScalingConfigurations": ("AutoScalingConfigurationSummaryList[].AutoScalingConfigurationArn",),
    "apprunner:DescribeAutoScalingConfiguration": ("AutoScalingConfiguration",),
    "apprunner:CreateAutoScalingConfiguration": ("AutoScalingConfiguration.AutoScalingConfigurationArn",),
    "apprunner:CreateService": ("Service.ServiceArn", "OperationId"),
    "apprunner:UpdateService": ("OperationId",),
    "apprunner:StartDeployment": ("OperationId",),
    "apprunner:DeleteService": ("OperationId",),
}
