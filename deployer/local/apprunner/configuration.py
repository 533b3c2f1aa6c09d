"""The blocks of a service's configuration: AWS's defaults, the effect of an update, and what is refused.

Rules and defaults are those of the API reference (App Runner API, CreateService and the types it names) and of the
developer guide's page "App Runner architecture", which lists the pairs of CPU and memory.
"""

from __future__ import annotations

import copy
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from deployer.local.apprunner.errors import NotEmulated

JSON = dict[str, Any]

BLOCKS = (
    "SourceConfiguration",
    "InstanceConfiguration",
    "HealthCheckConfiguration",
    "NetworkConfiguration",
    "ObservabilityConfiguration",
)
HEALTH_CHECK = {
    "Protocol": "TCP",
    "Path": "/",
    "Interval": 5,
    "Timeout": 2,
    "HealthyThreshold": 1,
    "UnhealthyThreshold": 5,
}
MEMORY_FOR = {  # CPU units -> MB
    "256": ("512", "1024"),
    "512": ("1024",),
    "1024": ("2048", "3072", "4096"),
    "2048": ("4096", "6144"),
    "4096": ("8192", "10240", "12288"),
}
DEFAULT_PORT, DEFAULT_CPU, DEFAULT_MEMORY = "8080", "1024", "2048"


def complete(request: Mapping[str, Any]) -> JSON:
    """Return every block of a checked CreateService request, completed with defaults."""
    return {
        "SourceConfiguration": _source(request["SourceConfiguration"]),
        "InstanceConfiguration": _instance(request.get("InstanceConfiguration") or {}),
        "HealthCheckConfiguration": HEALTH_CHECK | _given(request.get("HealthCheckConfiguration")),
        "NetworkConfiguration": _network(request.get("NetworkConfiguration") or {}),
        "ObservabilityConfiguration": _given(request.get("ObservabilityConfiguration"))
        or {"ObservabilityEnabled": False},
        **_encryption(request),
    }


def connector(configuration: Mapping[str, Any]) -> str:
    """Return the ARN of the VPC connector of a configuration or request, or ""."""
    network = _given(configuration.get("NetworkConfiguration"))
    return str(_given(network.get("EgressConfiguration")).get("VpcConnectorArn", ""))


def observability(configuration: Mapping[str, Any]) -> str:
    """Return the ARN of the observability configuration of a configuration or request, or ""."""
    return str(_given(configuration.get("ObservabilityConfiguration")).get("ObservabilityConfigurationArn", ""))


def public(configuration: Mapping[str, Any]) -> bool:
    """Return whether a complete configuration is that of a service with a public URL."""
    return bool(configuration["NetworkConfiguration"]["IngressConfiguration"]["IsPubliclyAccessible"])


def names_nothing(request: Mapping[str, Any]) -> bool:
    """Return whether an UpdateService request has neither a block nor an auto scaling configuration."""
    return all(request.get(name) is None for name in (*BLOCKS, "AutoScalingConfigurationArn"))


def updated(configuration: JSON, request: Mapping[str, Any]) -> JSON:
    """Return the configuration after an update: a block of the request replaces the whole block, others stay."""
    given = {name: request[name] for name in BLOCKS if request.get(name) is not None}
    return complete({**configuration, **given})


def _given(block: Mapping[str, Any] | None) -> JSON:
    return {name: value for name, value in (block or {}).items() if value is not None}


def _source(block: Mapping[str, Any]) -> JSON:
    source = copy.deepcopy(_given(block))
    image = source["ImageRepository"] = _given(source["ImageRepository"])
    image["ImageConfiguration"] = {"Port": DEFAULT_PORT} | _given(image.get("ImageConfiguration"))
    return {"AutoDeploymentsEnabled": True} | source


def _instance(block: Mapping[str, Any]) -> JSON:
    given = _given(block)
    return given | {"Cpu": cpu_units(given.get("Cpu")), "Memory": megabytes(given.get("Memory"))}


def _network(block: Mapping[str, Any]) -> JSON:
    given = _given(block)
    return {
        "EgressConfiguration": {"EgressType": "DEFAULT"} | _given(given.get("EgressConfiguration")),
        "IngressConfiguration": {"IsPubliclyAccessible": True} | _given(given.get("IngressConfiguration")),
        "IpAddressType": given.get("IpAddressType", "IPV4"),
    }


def _encryption(request: Mapping[str, Any]) -> JSON:
    """Return the encryption block: absent for an AWS managed key, as in AWS's examples. CreateService only."""
    block = _given(request.get("EncryptionConfiguration"))
    return {"EncryptionConfiguration": block} if block else {}


def cpu_units(text: str | None) -> str:
    """Return CPU units: "1024" for "1 vCPU", which means the same."""
    return _thousands(text or DEFAULT_CPU, " vCPU")


def megabytes(text: str | None) -> str:
    return _thousands(text or DEFAULT_MEMORY, " GB")


def _thousands(text: str, unit: str) -> str:
    return str(round(float(text.removesuffix(unit)) * 1024)) if text.endswith(unit) else text


def not_emulated(request: Mapping[str, Any]) -> None:
    """Raise NotEmulated for features of the real service that this one lacks."""
    source = _given(request.get("SourceConfiguration"))
    settings = {
        "services built from source code": bool(source.get("CodeRepository")),
        "images of ECR Public": _given(source.get("ImageRepository")).get("ImageRepositoryType") == "ECR_PUBLIC",
    }
    missing = [name for name, asked in settings.items() if asked]
    if missing:
        raise NotEmulated(f"Not emulated by the local App Runner: {', '.join(missing)}.")


def reasons(request: Mapping[str, Any]) -> list[str]:
    """Return why a request that fits the API's model is invalid; empty if it is valid."""
    return [
        *_source_reasons(request.get("SourceConfiguration")),
        *_instance_reasons(request.get("InstanceConfiguration")),
        *_health_reasons(request.get("HealthCheckConfiguration")),
        *_network_reasons(request),
        *_observability_reasons(request.get("ObservabilityConfiguration")),
    ]


def _source_reasons(source: Mapping[str, Any] | None) -> Iterator[str]:
    if source is None:
        return
    if bool(source.get("CodeRepository")) == bool(source.get("ImageRepository")):
        yield "SourceConfiguration needs exactly one of CodeRepository and ImageRepository"
        return
    authentication = _given(source.get("AuthenticationConfiguration"))
    if "AccessRoleArn" not in authentication:
        yield "AuthenticationConfiguration.AccessRoleArn is required for a private ECR repository"
    if "ConnectionArn" in authentication:
        yield "AuthenticationConfiguration.ConnectionArn is for source code, not for images"
    image = _given(source["ImageRepository"]) if source.get("ImageRepository") else {}
    yield from _image_reasons(_given(image.get("ImageConfiguration")))


def _image_reasons(image: JSON) -> Iterator[str]:
    port = image.get("Port", DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        yield "ImageConfiguration.Port must be a number from 1 to 65535, as a string"
    variables = image.get("RuntimeEnvironmentVariables") or {}
    secrets = image.get("RuntimeEnvironmentSecrets") or {}
    for member, names in (("Variables", variables), ("Secrets", secrets)):
        if "PORT" in names:
            yield f"RuntimeEnvironment{member}: PORT is set by App Runner and cannot be given"
        if any(name.upper().startswith("AWSAPPRUNNER") for name in names):
            yield f"RuntimeEnvironment{member}: names that start with AWSAPPRUNNER are reserved"
        if any("=" in name or "\0" in name for name in names):
            yield f"RuntimeEnvironment{member}: a name cannot hold = or NUL"
    if any("\0" in value for value in variables.values()):
        yield "RuntimeEnvironmentVariables: a value cannot hold NUL"
    if both := variables.keys() & secrets.keys():
        yield f"{len(both)} names are in both RuntimeEnvironmentVariables and RuntimeEnvironmentSecrets"
    try:
        shlex.split(image.get("StartCommand") or "")
    except ValueError as error:
        yield f"ImageConfiguration.StartCommand cannot be split into words: {error}"


def _instance_reasons(instance: Mapping[str, Any] | None) -> Iterator[str]:
    if instance is None:
        return
    cpu, memory = cpu_units(instance.get("Cpu")), megabytes(instance.get("Memory"))
    if memory not in MEMORY_FOR[cpu]:
        yield f"{cpu} CPU units go with {' or '.join(MEMORY_FOR[cpu])} MB of memory, not with {memory}"


def _health_reasons(check: Mapping[str, Any] | None) -> Iterator[str]:
    path = (check or {}).get("Path") or "/"
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
        yield "HealthCheckConfiguration.Path must start with / and hold no space"


def _network_reasons(request: Mapping[str, Any]) -> Iterator[str]:
    """Check EgressConfiguration: an ARN is valid only with the type VPC (API reference)."""
    egress = _given(_given(request.get("NetworkConfiguration")).get("EgressConfiguration"))
    if egress.get("EgressType") == "VPC" and "VpcConnectorArn" not in egress:
        yield "EgressConfiguration.VpcConnectorArn is required with the EgressType VPC"
    if egress.get("EgressType", "DEFAULT") == "DEFAULT" and "VpcConnectorArn" in egress:
        yield "EgressConfiguration.VpcConnectorArn goes with the EgressType VPC only"


def _observability_reasons(block: Mapping[str, Any] | None) -> Iterator[str]:
    """Check ServiceObservabilityConfiguration: an ARN is given if it is enabled, and only then (API reference).

    That the real service refuses the two other cases is not verified.
    """
    given = _given(block)
    if given and given["ObservabilityEnabled"] != ("ObservabilityConfigurationArn" in given):
        yield "ObservabilityConfigurationArn goes with ObservabilityEnabled true, and is required then"
