"""What the infrastructure role of Express Mode may do, as parsed JSON. Pure.

These are the rights of AWS's managed policy AmazonECSInfrastructureRoleforExpressGatewayServices (AWS managed policy
reference), read in its version 4, and ec2:DescribeAccountAttributes, without which a load balancer was reported to be
created never. The deployer writes policies into roles and attaches none, so that it does not follow later versions.
"""

from __future__ import annotations

from typing import Final

from deployer.core.policies.documents import Statement, allow, policy

MANAGED: Final = "AmazonECSManaged"  # the tag of everything that ECS creates for a service
_OWNED: Final = {"StringEquals": {f"aws:ResourceTag/{MANAGED}": "true"}}
_CREATED: Final = {"StringEquals": {f"aws:RequestTag/{MANAGED}": "true"}}

READ_ACTIONS: Final = (
    *("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers"),
    *("elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups"),
    "elasticloadbalancing:DescribeTargetHealth",
    *("ec2:DescribeAccountAttributes", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups"),
    *("ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    "logs:DescribeLogGroups",
)
_BALANCING: Final = "elasticloadbalancing"
_OF_BALANCERS: Final = tuple(
    f"arn:aws:{_BALANCING}:*:*:{kind}"
    for kind in ("loadbalancer/app/*/*", "listener/app/*/*/*", "listener-rule/app/*/*/*/*", "targetgroup/*/*")
)
_GROUP: Final = "arn:aws:ec2:*:*:security-group/*"
_GROUP_RULE: Final = "arn:aws:ec2:*:*:security-group-rule/*"
_VPC: Final = "arn:aws:ec2:*:*:vpc/*"
_ALARM: Final = "arn:aws:cloudwatch:*:*:alarm:*"
_SCALABLE: Final = "arn:aws:application-autoscaling:*:*:scalable-target/*"


def _actions(service: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names)


def _if(statement: Statement, condition: object) -> Statement:
    return {**statement, "Condition": condition}


POLICY: Final = policy(
    _if(
        allow(("iam:CreateServiceLinkedRole",), "*"),
        {
            "StringEquals": {
                "iam:AWSServiceName": [
                    "ecs.application-autoscaling.amazonaws.com",
                    "elasticloadbalancing.amazonaws.com",
                ]
            }
        },
    ),
    _if(
        allow(
            _actions(
                _BALANCING,
                *("CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup"),
                *("ModifyListener", "ModifyRule", "AddListenerCertificates", "RemoveListenerCertificates"),
                *("RegisterTargets", "DeregisterTargets"),
                *("DeleteListener", "DeleteLoadBalancer", "DeleteRule", "DeleteTargetGroup"),
            ),
            _OF_BALANCERS,
        ),
        _OWNED,
    ),
    _if(
        allow((f"{_BALANCING}:AddTags",), _OF_BALANCERS),
        {
            "StringEquals": {
                f"{_BALANCING}:CreateAction": [
                    *("CreateLoadBalancer", "CreateListener", "CreateRule", "CreateTargetGroup")
                ]
            }
        },
    ),
    allow(("ec2:CreateSecurityGroup",), _VPC),
    _if(
        allow(
            _actions("ec2", "CreateSecurityGroup", "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"),
            (_GROUP, _GROUP_RULE, _VPC),
        ),
        _CREATED,
    ),
    _if(
        allow(
            _actions(
                "ec2",
                *("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"),
                *("RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
            ),
            (_GROUP, _VPC),
        ),
        _OWNED,
    ),
    _if(
        allow(("ec2:CreateTags",), (_GROUP, _GROUP_RULE)),
        {
            "StringEquals": {
                "ec2:CreateAction": [
                    *("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
                ]
            }
        },
    ),
    _if(
        allow(
            _actions("acm", "RequestCertificate", "AddTagsToCertificate", "DeleteCertificate", "DescribeCertificate"),
            "arn:aws:acm:*:*:certificate/*",
        ),
        _OWNED,
    ),
    _if(
        allow(
            _actions("application-autoscaling", "RegisterScalableTarget", "TagResource", "DeregisterScalableTarget"),
            _SCALABLE,
        ),
        _OWNED,
    ),
    _if(
        allow(_actions("application-autoscaling", "PutScalingPolicy", "DeleteScalingPolicy"), _SCALABLE),
        {"StringEquals": {"application-autoscaling:service-namespace": "ecs"}},
    ),
    allow(
        _actions(
            "application-autoscaling",
            *("DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScalingActivities"),
        ),
        _SCALABLE,
    ),
    _if(allow(("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"), _ALARM), _CREATED),
    _if(allow(("cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms"), _ALARM), _OWNED),
    _if(allow(("logs:CreateLogGroup", "logs:TagResource"), "arn:aws:logs:*:*:log-group:*"), _CREATED),
    allow(READ_ACTIONS, "*"),
)
