"""The service as it is meant to run, in the same shape whether wanted, observed or recorded, so that == compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class HealthCheck:
    """How the platform asks whether an instance is well. Interval and timeout are seconds."""

    protocol: str
    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int


@dataclass(frozen=True)
class Scaling:
    """How many instances, and how many requests at once each of them takes."""

    min: int
    max: int
    concurrency: int


@dataclass(frozen=True)
class ServiceSettings:
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
        """The reverse of `dataclasses.asdict`. Raises TypeError for anything else."""
        return cls(
            **{
                **fields,
                "health_check": HealthCheck(**fields.get("health_check", {})),
                "scaling": Scaling(**fields.get("scaling", {})),
            }
        )


@dataclass(frozen=True)
class ServiceSpec:
    """What a deployment brings: an image by digest, the settings, and the variables.

    `environment` holds plain values and `secrets` the ARN of the parameter each variable is read from.
    """

    image: str
    settings: ServiceSettings
    environment: Mapping[str, str]
    secrets: Mapping[str, str]


def _words(prefix: str, group: HealthCheck | Scaling) -> dict[str, str]:
    return {f"{prefix}.{field.name}": str(getattr(group, field.name)) for field in fields(group)}
