"""The resources that ECS manages for a service: they become ready one by one. Pure.

DescribeServiceRevisions, `ecsManagedResources`. Their order is not documented: a rule can only follow its listener, and
a listener its load balancer and certificate.
"""

from __future__ import annotations

from typing import Any, Final

from deployer.local.ecs_express.arns import Arns
from deployer.local.ecs_express.state import Provisioning, Revision, Service

JSON = dict[str, Any]

ORDER: Final = (
    "loadBalancerSecurityGroups",
    "serviceSecurityGroups",
    "logGroups",
    "certificate",
    "loadBalancer",
    "listener",
    "targetGroups",
    "rule",
    "scalableTarget",
    "applicationAutoScalingPolicies",
    "metricAlarms",
)
LISTENING: Final = ORDER.index("rule") + 1  # how many are ready when the URL leads to the service
LOAD_BALANCER: Final = ORDER.index("loadBalancer")


def managed(service: Service, revision: Revision, arns: Arns) -> JSON:
    """Return the resources of a service, for one of its revisions."""
    name, at = service.name, service.resources

    def one(kind: str, arn: str, **more: Any) -> JSON:
        return {"arn": arn, **_status(at, ORDER.index(kind)), "updatedAt": at.updated_at, **more}

    elb = arns.load_balancer
    scaling, port = revision.configuration["scalingTarget"], revision.container["containerPort"]
    target = arns.other("application-autoscaling", f"scalable-target/{revision.arn.rpartition('/')[2][:12]}")
    policy = f"{target.replace('scalable-target', 'scalingPolicy')}:policyName/{name}"
    groups = [
        one(
            "targetGroups",
            arns.target_group(name, role),
            healthCheckPath=revision.path,
            healthCheckPort=port,
            port=port,
        )
        for role in ("one", "two")
    ]
    ingress = {
        "accessType": "PUBLIC",
        "endpoint": service.endpoint,
        "loadBalancer": one(
            "loadBalancer",
            elb("loadbalancer", "alb"),
            scheme="internet-facing",
            subnetIds=revision.configuration["networkConfiguration"]["subnets"],
        ),
        "loadBalancerSecurityGroups": [
            one("loadBalancerSecurityGroups", arns.other("ec2", "security-group/sg-0a1b0000000000001"))
        ],
        "certificate": one(
            "certificate", arns.other("acm", f"certificate/{name}"), domainName=service.endpoint.partition(":")[0]
        ),
        "listener": one("listener", elb("listener", "alb")),
        "rule": one("rule", elb("listener-rule", name)),
        "targetGroups": groups,
    }
    return {
        "ingressPaths": [ingress],
        "autoScaling": {
            "scalableTarget": one(
                "scalableTarget", target, minCapacity=scaling["minTaskCount"], maxCapacity=scaling["maxTaskCount"]
            ),
            "applicationAutoScalingPolicies": [
                one(
                    "applicationAutoScalingPolicies",
                    policy,
                    policyType="TargetTrackingScaling",
                    targetValue=scaling["autoScalingTargetValue"],
                    metric=scaling["autoScalingMetric"],
                )
            ],
        },
        "metricAlarms": [one("metricAlarms", arns.other("cloudwatch", f"alarm:{alarm_name(service)}"))],
        "serviceSecurityGroups": [
            one("serviceSecurityGroups", arns.other("ec2", f"security-group/{group}"))
            for group in revision.configuration["networkConfiguration"]["securityGroups"]
        ],
        "logGroups": [
            one("logGroups", arns.other("logs", f"log-group:{service.log_group}"), logGroupName=service.log_group)
        ],
    }


def alarm_name(service: Service) -> str:
    return f"{service.cluster}/{service.name}/RollbackAlarm"


def _status(at: Provisioning, position: int) -> JSON:
    if at.deleting:
        return {"status": "DEPROVISIONING"}
    if position < at.ready:
        return {"status": "ACTIVE"}
    if at.failure is not None and position == at.ready:
        return {"status": "FAILED", "statusReason": at.failure}
    return {"status": "PROVISIONING"}
