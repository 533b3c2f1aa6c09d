"""The service as it is meant to run, in the same shape whether wanted, observed or recorded, so that == compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import fields


class HealthCheck(Struct, frozen=True):
    """How the platform asks whether an instance is well. Interval and timeout are seconds."""

    protocol: str
    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int

    @property
    def address(self) -> str:
        """The path at which the release is looked for. A check that only connects names none."""
        return self.path if self.protocol == "HTTP" else "/"


class Scaling(Struct, frozen=True):
    """How many instances, and how many requests at once each of them takes."""

    min: int
    max: int
    concurrency: int


class ServiceSettings(Struct, frozen=True):
    """Everything about a service but its image and its variables.

    `cpu` is in units (1024 = 1 vCPU), `memory` in MB; roles are ARNs.
    """

    port: int
    cpu: int
    memory: int
    access_role: str
    instance_role: str
    health_check: HealthCheck
    scaling: Scaling
    auto_deployments: bool

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
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ServiceSettings:
        """The reverse of `msgspec.to_builtins`. Raises TypeError for anything else."""
        return cls(
            **{
                **fields,
                "health_check": HealthCheck(**fields.get("health_check", {})),
                "scaling": Scaling(**fields.get("scaling", {})),
            }
        )


class ServiceSpec(Struct, frozen=True):
    """What a deployment brings: an image by digest, the settings, and the variables.

    `environment` holds plain values and `secrets` the ARN of the parameter each variable is read from.
    """

    image: str
    settings: ServiceSettings
    environment: Mapping[str, str]
    secrets: Mapping[str, str]


def _words(prefix: str, group: HealthCheck | Scaling) -> dict[str, str]:
    return {f"{prefix}.{field.name}": str(getattr(group, field.name)) for field in fields(group)}
