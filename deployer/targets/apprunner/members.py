"""What is decided about every member of App Runner's service model, so that no setting is lost silently. Pure.

A test walks botocore's model of CreateService, UpdateService and DescribeService and fails for a member that is not
listed here, and for one that is listed and no longer there.
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
    CREATE_ONLY = "a key of the manifest sets it; only CreateService takes it, and another value is a blocker"
    REFUSED = "belongs to services built from source code, which no manifest can describe: adopt refuses them"
    READ_ONLY = "reported by App Runner, and not a setting"


def _below(prefix: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names)


_IMAGE: Final = "SourceConfiguration.ImageRepository"
_CODE: Final = "SourceConfiguration.CodeRepository"

MEMBERS: Final[Mapping[Decision, tuple[str, ...]]] = {
    Decision.MANIFEST: (
        "ServiceName",
        f"{_IMAGE}.ImageIdentifier",
        *_below(
            f"{_IMAGE}.ImageConfiguration",
            *("Port", "StartCommand", "RuntimeEnvironmentVariables", "RuntimeEnvironmentSecrets"),
        ),
        "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
        *_below("InstanceConfiguration", "Cpu", "Memory", "InstanceRoleArn"),
        *_below(
            "HealthCheckConfiguration",
            *("Protocol", "Path", "Interval", "Timeout", "HealthyThreshold", "UnhealthyThreshold"),
        ),
        "AutoScalingConfigurationArn",
        "AutoScalingConfigurationSummary.AutoScalingConfigurationArn",
        *_below("NetworkConfiguration.EgressConfiguration", "EgressType", "VpcConnectorArn"),
        "NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible",
        "NetworkConfiguration.IpAddressType",
        *_below("ObservabilityConfiguration", "ObservabilityEnabled", "ObservabilityConfigurationArn"),
    ),
    Decision.OWN: (
        "ServiceArn",
        f"{_IMAGE}.ImageRepositoryType",
        "SourceConfiguration.AutoDeploymentsEnabled",
        *_below("Tags[]", "Key", "Value"),
    ),
    Decision.CREATE_ONLY: ("EncryptionConfiguration.KmsKey",),
    Decision.REFUSED: (
        "SourceConfiguration.AuthenticationConfiguration.ConnectionArn",
        *_below(_CODE, "RepositoryUrl", "SourceDirectory"),
        *_below(f"{_CODE}.SourceCodeVersion", "Type", "Value"),
        f"{_CODE}.CodeConfiguration.ConfigurationSource",
        *_below(
            f"{_CODE}.CodeConfiguration.CodeConfigurationValues",
            *("Runtime", "BuildCommand", "StartCommand", "Port"),
            *("RuntimeEnvironmentVariables", "RuntimeEnvironmentSecrets"),
        ),
    ),
    Decision.READ_ONLY: (
        *("ServiceId", "ServiceUrl", "CreatedAt", "UpdatedAt", "DeletedAt", "Status"),
        *_below(
            "AutoScalingConfigurationSummary",
            *("AutoScalingConfigurationName", "AutoScalingConfigurationRevision", "Status"),
            *("CreatedAt", "HasAssociatedService", "IsDefault"),
        ),
    ),
}
DECIDED: Final = {member: decision for decision, members in MEMBERS.items() for member in members}


def unmodelled(service: Mapping[str, Any]) -> dict[str, object]:
    """The members of a described service that nothing is decided about: a newer botocore reports them."""
    return dict(_unknown(service, ""))


def with_kept(request: dict[str, Any], kept: Mapping[str, object]) -> dict[str, Any]:
    """The request with such members of the live service, where it sends the block around them.

    A block that the request leaves out is kept by App Runner, and one that it sends is replaced as a whole.
    """
    whole = copy.deepcopy(request)
    for path, value in kept.items():
        first, *between, name = path.split(".") if "." in path else ("", path)
        block = whole.get(first)
        for step in between:
            block = block.get(step) if isinstance(block, dict) else None
        if isinstance(block, dict):
            block.setdefault(name, value)
    return whole


def _unknown(value: Mapping[str, Any], above: str) -> Iterator[tuple[str, object]]:
    for name, inner in value.items():
        path = f"{above}{name}"
        if path in DECIDED:
            continue
        if isinstance(inner, Mapping) and any(known.startswith(f"{path}.") for known in DECIDED):
            yield from _unknown(inner, f"{path}.")
        else:
            yield path, inner
