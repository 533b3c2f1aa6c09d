"""What is decided about every member of Express Mode's service model, so that no setting is lost silently. Pure.

A test walks botocore's model of CreateExpressGatewayService, UpdateExpressGatewayService and
DescribeExpressGatewayService and fails for a member that is not listed here, and for one that is listed and no longer
there. Paths are those of a configuration: `activeConfigurations[]` of an answer, the top level of a request.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final


class Decision(Enum):
    """What the deployer does with a setting."""

    MANIFEST = "a key of the manifest sets it"
    OWN = "the deployer sets it itself"
    CREATE_ONLY = "a key of the manifest sets it; only a new service takes it, and another value is a blocker"
    KEPT = "ECS sets it, or someone did: every update sends what the service has"
    NEVER = "excludes all settings of the manifest: it is never sent"
    READ_ONLY = "reported by ECS, and not a setting"


def _below(prefix: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names)


_CONTAINER: Final = "primaryContainer"

MEMBERS: Final[Mapping[Decision, tuple[str, ...]]] = {
    Decision.MANIFEST: (
        *("serviceName", "executionRoleArn", "taskRoleArn", "healthCheckPath", "cpu", "memory"),
        *_below(_CONTAINER, "image", "containerPort", "command[]"),
        *_below(f"{_CONTAINER}.environment[]", "name", "value"),
        *_below(f"{_CONTAINER}.secrets[]", "name", "valueFrom"),
        *_below("networkConfiguration", "subnets[]", "securityGroups[]"),
        *_below("scalingTarget", "minTaskCount", "maxTaskCount", "autoScalingMetric", "autoScalingTargetValue"),
    ),
    Decision.OWN: ("serviceArn", "cluster", "cpuArchitecture", *_below("tags[]", "key", "value")),
    Decision.CREATE_ONLY: ("infrastructureRoleArn",),
    Decision.KEPT: (
        *_below(f"{_CONTAINER}.awsLogsConfiguration", "logGroup", "logStreamPrefix"),
        f"{_CONTAINER}.repositoryCredentials.credentialsParameter",
    ),
    Decision.NEVER: ("taskDefinitionArn",),
    Decision.READ_ONLY: (
        *("createdAt", "updatedAt", "currentDeployment", "serviceRevisionArn"),
        *_below("status", "statusCode", "statusReason"),
        *_below("ingressPaths[]", "accessType", "endpoint"),
    ),
}
DECIDED: Final = {member: decision for decision, members in MEMBERS.items() for member in members}


def unmodelled(configuration: Mapping[str, Any]) -> dict[str, object]:
    """The members of a configuration that nothing is decided about: a newer botocore reports them."""
    return dict(_unknown(configuration, ""))


def with_kept(request: dict[str, Any], kept: Mapping[str, object]) -> dict[str, Any]:
    """The request with such members of the live service, where it sends the block around them.

    A member of the top level that is left out is kept by ECS.
    """
    whole = copy.deepcopy(request)
    for path, value in kept.items():
        *around, name = path.split(".")
        block: Any = whole
        for step in around:
            block = block.get(step) if isinstance(block, dict) else None
        if around and isinstance(block, dict):
            block.setdefault(name, value)
    return whole


def _unknown(value: Mapping[str, Any], above: str) -> Iterator[tuple[str, object]]:
    for name, inner in value.items():
        path = f"{above}{name}"
        if path in DECIDED or any(known.startswith(f"{path}[]") for known in DECIDED):
            continue
        if isinstance(inner, Mapping) and any(known.startswith(f"{path}.") for known in DECIDED):
            yield from _unknown(inner, f"{path}.")
        else:
            yield path, inner
