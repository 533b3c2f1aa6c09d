"""The settings of a service, from the section of the manifest. Pure."""

from __future__ import annotations

from deployer.core import service as core
from deployer.targets.apprunner.manifest import Network, Service


def settings(section: Service, account: str) -> core.ServiceSettings:
    """What a service of this section is deployed with, its roles by the ARNs that they have in an account."""
    role_arn = f"arn:aws:iam::{account}:role/"
    traced = section.observability
    return core.ServiceSettings(
        port=section.port,
        cpu=section.cpu_units,
        memory=section.memory_mb,
        access_role=role_arn + section.roles.access,
        instance_role=role_arn + section.roles.instance,
        health_check=core.HealthCheck(**section.health_check.model_dump()),
        scaling=core.Scaling(**section.scaling.model_dump()),
        auto_deployments=False,
        command=section.command,
        network=_network(section.network) if section.network else None,
        observability=core.Observability(traced.enabled, traced.configuration or "") if traced else None,
    )


def _network(wanted: Network) -> core.Network:
    connector = wanted.egress.vpc_connector if wanted.egress else None
    return core.Network(connector or "", wanted.ingress, wanted.ip_address_type)
