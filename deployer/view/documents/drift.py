"""The JSON of `drift`."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.cause import DriftItem


class DriftDocument(Struct, frozen=True):
    """What was changed outside the deployer, and what was set and waits for a deployment; both sides of each."""

    environment: str
    drift: tuple[DriftItem, ...]
    staged: tuple[DriftItem, ...]
    format: int = 2
