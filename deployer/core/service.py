"""The service's settings in one shape, whether desired, observed or recorded, so that == compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import fields as fields_of
from msgspec.structs import replace


class HealthCheck(Struct, frozen=True, omit_defaults=True):
    """How the platform checks whether an instance is healthy. Interval and timeout are in seconds."""

    protocol: str
    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int

    @property
    def address(self) -> str:
        """The path at which the release is checked. A check that only connects names none."""
        return self.path if self.protocol == "HTTP" else "/"


class Scaling(Struct, frozen=True, omit_defaults=True):
    """How many instances there may be, and how many requests at once each of them accepts."""

    min: int
    max: int
    concurrency: int


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
    """Every setting of a service except its image and its variables.

    `cpu` is in units (1024 = 1 vCPU), `memory` in MB; roles are ARNs. `command` replaces the image's own command, ""
    when it does not. `network` and `observability` are None where the manifest does not name them: then the deployer
    leaves them as they are. Settings with their default are left out of fingerprints and records, so that a setting
    that only a newer version of the deployer knows neither changes nor redeploys an existing release.
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

    def over(self, live: ServiceSettings) -> ServiceSettings:
        """These settings on a service that has `live`: settings that they do not name stay as they are."""
        return replace(
            self,
            network=live.network if self.network is None else self.network,
            observability=live.observability if self.observability is None else self.observability,
        )

    def words(self) -> dict[str, str]:
        """Each setting as `name -> text`, for plans."""
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


class ServiceSpec(Struct, frozen=True):
    """What a deployment brings: an image by digest, the settings, and the variables.

    `environment` holds plain values, `secrets` the ARN of the parameter that each variable is read from.
    """

    image: str
    settings: ServiceSettings
    environment: Mapping[str, str]
    secrets: Mapping[str, str]

    def over(self, live: ServiceSpec) -> ServiceSpec:
        """This spec on a service that runs `live`: settings that it does not name stay as they are."""
        return replace(self, settings=self.settings.over(live.settings))


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
