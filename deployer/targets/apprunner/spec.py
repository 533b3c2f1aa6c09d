"""Between the deployer's ServiceSpec and App Runner's request and answer shapes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deployer.core.service import Scaling, ServiceSpec
from deployer.targets.apprunner.settings import HealthCheck, Network, Observability, ServiceSettings, of_app_runner

if TYPE_CHECKING:
    from types_boto3_apprunner.type_defs import ServiceTypeDef

_IP_ADDRESS_TYPES = {"ipv4": "IPV4", "dual-stack": "DUAL_STACK"}


def to_request(spec: ServiceSpec, scaling_arn: str) -> dict[str, Any]:
    """Every block of CreateService and UpdateService, whole: what is left out of a block may be reset.

    The port is a string in this API, and automatic deployments default to on, so both are always sent. The blocks of
    the network and of observability are left out where the manifest does not name them: App Runner keeps a block that
    an update leaves out.
    """
    settings = of_app_runner(spec)
    check = settings.health_check
    return {
        "SourceConfiguration": {
            "ImageRepository": {
                "ImageIdentifier": spec.image,
                "ImageRepositoryType": "ECR",
                "ImageConfiguration": {
                    "Port": str(settings.port),
                    **({"StartCommand": settings.command} if settings.command else {}),
                    "RuntimeEnvironmentVariables": dict(spec.environment),
                    "RuntimeEnvironmentSecrets": dict(spec.secrets),
                },
            },
            "AutoDeploymentsEnabled": settings.auto_deployments,
            "AuthenticationConfiguration": {"AccessRoleArn": settings.access_role},
        },
        "InstanceConfiguration": {
            "Cpu": str(settings.cpu),
            "Memory": str(settings.memory),
            "InstanceRoleArn": settings.instance_role,
        },
        "HealthCheckConfiguration": {
            "Protocol": check.protocol,
            "Path": check.path,
            "Interval": check.interval,
            "Timeout": check.timeout,
            "HealthyThreshold": check.healthy_threshold,
            "UnhealthyThreshold": check.unhealthy_threshold,
        },
        "AutoScalingConfigurationArn": scaling_arn,
        **(_network_block(settings.network) if settings.network else {}),
        **(_observability_block(settings.observability) if settings.observability else {}),
    }


def _network_block(network: Network) -> dict[str, Any]:
    connector = {"VpcConnectorArn": network.vpc_connector} if network.vpc_connector else {}
    return {
        "NetworkConfiguration": {
            "EgressConfiguration": {"EgressType": "VPC" if network.vpc_connector else "DEFAULT", **connector},
            "IngressConfiguration": {"IsPubliclyAccessible": network.ingress == "public"},
            "IpAddressType": _IP_ADDRESS_TYPES[network.ip_address_type],
        }
    }


def _observability_block(observability: Observability) -> dict[str, Any]:
    arn = {"ObservabilityConfigurationArn": observability.configuration} if observability.configuration else {}
    return {"ObservabilityConfiguration": {"ObservabilityEnabled": observability.enabled, **arn}}


def from_answer(service: ServiceTypeDef, scaling: Scaling) -> ServiceSpec:
    """The spec a described service runs with."""
    source = service["SourceConfiguration"]
    repository: dict[str, Any] = {**source.get("ImageRepository", {})}  # a service built from source code has none
    image: dict[str, Any] = repository.get("ImageConfiguration", {})
    instance = service["InstanceConfiguration"]
    check = service.get("HealthCheckConfiguration", {})
    settings = ServiceSettings(
        port=int(image.get("Port", "8080")),
        cpu=_cpu(instance.get("Cpu", "1024")),
        memory=_memory(instance.get("Memory", "2048")),
        access_role=source.get("AuthenticationConfiguration", {}).get("AccessRoleArn", ""),
        instance_role=instance.get("InstanceRoleArn", ""),
        health_check=HealthCheck(
            protocol=check.get("Protocol", "TCP"),
            path=check.get("Path", "/"),
            interval=check.get("Interval", 5),
            timeout=check.get("Timeout", 2),
            healthy_threshold=check.get("HealthyThreshold", 1),
            unhealthy_threshold=check.get("UnhealthyThreshold", 5),
        ),
        scaling=scaling,
        auto_deployments=source.get("AutoDeploymentsEnabled", True),
        command=image.get("StartCommand", ""),
        network=_network(service),
        observability=_observability(service),
    )
    return ServiceSpec(
        image=repository.get("ImageIdentifier", ""),
        settings=settings,
        environment=image.get("RuntimeEnvironmentVariables", {}),
        secrets=image.get("RuntimeEnvironmentSecrets", {}),
    )


def _network(service: ServiceTypeDef) -> Network:
    block: dict[str, Any] = {**service.get("NetworkConfiguration", {})}
    public = block.get("IngressConfiguration", {}).get("IsPubliclyAccessible", True)
    kind = block.get("IpAddressType", "IPV4")
    known = {theirs: ours for ours, theirs in _IP_ADDRESS_TYPES.items()}
    return Network(
        vpc_connector=block.get("EgressConfiguration", {}).get("VpcConnectorArn", ""),
        ingress="public" if public else "private",
        ip_address_type=known.get(kind, kind),
    )


def _observability(service: ServiceTypeDef) -> Observability:
    block: dict[str, Any] = {**service.get("ObservabilityConfiguration", {})}
    enabled = block.get("ObservabilityEnabled", False)
    return Observability(enabled, block.get("ObservabilityConfigurationArn", "") if enabled else "")


def _cpu(text: str) -> int:
    """App Runner takes and gives both "1 vCPU" and "1024"."""
    return round(float(text.removesuffix(" vCPU")) * 1024) if text.endswith("vCPU") else int(text)


def _memory(text: str) -> int:
    """Likewise "2 GB" and "2048"."""
    return round(float(text.removesuffix(" GB")) * 1024) if text.endswith("GB") else int(text)
