"""The size of a service, in the same units for every target."""

from __future__ import annotations

from msgspec import Struct


class Size(Struct, frozen=True):
    """The size of one instance, and how many instances run at all times. 1024 CPU units are 1 vCPU."""

    cpu_units: int
    memory_mb: int
    instances: int

    @property
    def vcpu(self) -> float:
        return self.cpu_units / 1024

    @property
    def gb(self) -> float:
        return self.memory_mb / 1024
