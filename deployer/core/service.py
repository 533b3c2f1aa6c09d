"""The service as it is meant to run, in the same shape whether wanted or observed, so that == compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields


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
class ServiceSpec:
    """Everything about the running service that a deployment can change.

    `cpu` is in units (1024 = 1 vCPU), `memory` in MB; roles are ARNs; `environment` holds plain values and
    `secrets` the ARN of the parameter each variable is read from.
    """

    image: str
    port: int
    cpu: int
    memory: int
    access_role: str
    instance_role: str
    health_check: HealthCheck
    scaling: Scaling
    auto_deployments: bool
    environment: Mapping[str, str]
    secrets: Mapping[str, str]

    def settings(self) -> dict[str, str]:
        """The settings apart from image and variables, as `name -> text`, for plans and fingerprints."""
        return {
            "port": str(self.port),
            "cpu": f"{self.cpu / 1024:g} vCPU",
            "memory": f"{self.memory / 1024:g} GB",
            "access_role": self.access_role,
            "instance_role": self.instance_role,
            "health_check": _words(self.health_check),
            "scaling": _words(self.scaling),
            "auto_deployments": str(self.auto_deployments).lower(),
        }


def _words(value: HealthCheck | Scaling) -> str:
    return " ".join(f"{name}={text}" for name, text in _pairs(value))


def _pairs(value: HealthCheck | Scaling) -> Iterator[tuple[str, object]]:
    for field in fields(value):
        yield field.name, getattr(value, field.name)
