"""The settings of an App Runner service. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from deployer.core.desired import Desired
from deployer.core.service import Scaling, ServiceSpec
from deployer.targets.apprunner import manifest


class HealthCheck(Struct, frozen=True, omit_defaults=True):
    """How App Runner checks whether an instance is healthy. Interval and timeout are in seconds."""

    protocol: str
    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int


class Network(Struct, frozen=True, omit_defaults=True):
    """The route of a service's own requests, and who can reach the service.

    `vpc_connector` is an ARN, "" for the public internet; `ingress` is "public" or "private", `ip_address_type` "ipv4"
    or "dual-stack".
    """

    vpc_connector: str = ""
    ingress: str = "public"
    ip_address_type: str = "ipv4"


class Observability(Struct, frozen=True, omit_defaults=True):
    """Whether requests are traced, and the ARN of the tracing configuration."""

    enabled: bool = False
    configuration: str = ""


class ServiceSettings(Struct, frozen=True, omit_defaults=True):
    """Every setting of an App Runner service except its image and its variables.

    `cpu` is in units (1024 = 1 vCPU), `memory` in MB; roles are ARNs. `command` replaces the image's own command, ""
    when it does not. `network` and `observability` are None where the manifest does not name them: then the deployer
    leaves them as they are.
    """

    port: int
    cpu: int
    memory: int
    access_role: str
    instance_role: str
    health_check: HealthCheck
    scaling: Scaling
    auto_deployments: bool
    command: str = ""
    network: Network | None = None
    observability: Observability | None = None

    @property
    def probe_path(self) -> str:
        """The path of the health check. A check that only connects names none."""
        return self.health_check.path if self.health_check.protocol == "HTTP" else "/"

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(arn.rpartition("/")[2] for arn in (self.access_role, self.instance_role))

    @property
    def is_private(self) -> bool:
        return self.network is not None and self.network.ingress == "private"

    @property
    def named(self) -> frozenset[str]:
        groups = {"network": self.network, "observability": self.observability}
        return frozenset(name for name, group in groups.items() if group is not None)

    def left_out(self, live: ServiceSettings) -> dict[str, str]:
        groups = {"network", "observability"} - self.named
        return {
            name: text
            for name, text in live.groups_text().items()
            if name.partition(".")[0] in groups and text != GROUP_DEFAULTS[name]
        }

    def over(self, live: ServiceSettings) -> ServiceSettings:
        return replace(
            self,
            network=live.network if self.network is None else self.network,
            observability=live.observability if self.observability is None else self.observability,
        )

    def words(self) -> dict[str, str]:
        return {
            "port": str(self.port),
            "cpu": f"{self.cpu / 1024:g} vCPU",
            "memory": f"{self.memory / 1024:g} GB",
            "access_role": self.access_role,
            "instance_role": self.instance_role,
            **_words("health_check", self.health_check),
            **_words("scaling", self.scaling),
            "auto_deployments": str(self.auto_deployments).lower(),
            "command": self.command,
            **self.groups_text(),
        }

    def groups_text(self) -> dict[str, str]:
        """The groups that a manifest may leave out, each setting as `name -> text`."""
        return {
            **(_network_text(self.network) if self.network else {}),
            **(_observability_text(self.observability) if self.observability else {}),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ServiceSettings:
        """The reverse of `msgspec.to_builtins`. Raises TypeError if a setting without default is missing.

        Settings that only a newer version of the deployer knows are left out.
        """
        groups: dict[str, type[Struct]] = {
            "health_check": HealthCheck,
            "scaling": Scaling,
            "network": Network,
            "observability": Observability,
        }
        known = _known(cls, fields)
        made = {name: kind(**_known(kind, known[name])) for name, kind in groups.items() if known.get(name) is not None}
        return cls(**{**known, **made})


def _network_text(network: Network) -> dict[str, str]:
    return {
        "network.egress": network.vpc_connector or "the public internet",
        "network.ingress": network.ingress,
        "network.ip_address_type": network.ip_address_type,
    }


def _observability_text(observability: Observability) -> dict[str, str]:
    return {"observability": observability.configuration or "enabled" if observability.enabled else "disabled"}


GROUP_DEFAULTS = _network_text(Network()) | _observability_text(Observability())


def _known(kind: type[Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields_of(kind)}
    return {name: value for name, value in given.items() if name in names}


def _words(prefix: str, group: HealthCheck | Scaling) -> dict[str, str]:
    return {f"{prefix}.{field.name}": str(getattr(group, field.name)) for field in fields_of(group)}


def of_app_runner(service: ServiceSpec | Desired) -> ServiceSettings:
    """The settings of a service on App Runner."""
    assert isinstance(service.settings, ServiceSettings)
    return service.settings


def desired_settings(section: manifest.Service, account: str) -> ServiceSettings:
    """What a service of this section is deployed with, its roles by the ARNs that they have in an account."""
    role_arn = f"arn:aws:iam::{account}:role/"
    traced = section.observability
    return ServiceSettings(
        port=section.port,
        cpu=section.cpu_units,
        memory=section.memory_mb,
        access_role=role_arn + section.roles.access,
        instance_role=role_arn + section.roles.instance,
        health_check=HealthCheck(**section.health_check.model_dump()),
        scaling=Scaling(**section.scaling.model_dump()),
        auto_deployments=False,
        command=section.command,
        network=_network(section.network) if section.network else None,
        observability=Observability(traced.enabled, traced.configuration or "") if traced else None,
    )


def _network(network: manifest.Network) -> Network:
    connector = network.egress.vpc_connector if network.egress else None
    return Network(connector or "", network.ingress, network.ip_address_type)
