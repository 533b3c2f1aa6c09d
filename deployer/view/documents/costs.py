"""The JSON of `costs`."""

from __future__ import annotations

from msgspec import Struct


class TargetCosts(Struct, frozen=True):
    """What a target charges each month, at least, in US dollars.

    `title` is its name for people. `chosen` is true for the manifest's own target.
    """

    target: str
    title: str
    chosen: bool
    dollars: float
    parts: dict[str, float]
    while_used: str
    region: str
    sources: tuple[str, ...]
    read: str


class CostsDocument(Struct, frozen=True):
    """The costs of an environment's service on every target. 1024 `cpu_units` are 1 vCPU."""

    environment: str
    cpu_units: int
    memory_mb: int
    instances: int
    targets: tuple[TargetCosts, ...]
