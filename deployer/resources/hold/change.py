"""Changes of the hold."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.change import BaseChange
from deployer.core.hold import Hold, Sources


class PlaceHold(BaseChange, frozen=True):
    """Place the hold of a rollback: nothing else is deployed until someone lifts it. `old` is the hold it replaces."""

    group: ClassVar[str] = "Hold"
    name: str
    environment: str
    old: Hold | None
    sources: Sources
    refused: tuple[str, ...]

    @property
    def address(self) -> str:
        return "hold"


class LiftHold(BaseChange, frozen=True):
    """Lift a rollback's hold: what would be deployed is not what was rolled back from."""

    group: ClassVar[str] = "Hold"
    name: str
    hold: Hold

    @property
    def address(self) -> str:
        return "hold"


HoldChange = PlaceHold | LiftHold
