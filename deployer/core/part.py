"""What one group of resources adds to a plan."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.change import Change
from deployer.core.drift_item import DriftItem


class Blocker(Struct, frozen=True):
    """Something that must be mended before the plan can be applied, and the command that mends it.

    `item` says what changed when it was not so when the running release was made.
    """

    what: str
    fix: str
    line: str = ""
    item: DriftItem | None = None


class Notice(Struct, frozen=True):
    """A line that is no change of its own: "!" waits for the deployment, "?" is left alone.

    `group` is the heading it is shown under. `item` says what waits, of a "!", or what was changed outside the
    deployer, of a "?".
    """

    symbol: str
    address: str
    detail: str
    line: str = ""
    group: str = "Variables"
    item: DriftItem | None = None


class Part(Struct, frozen=True):
    """Changes in the order they are applied, lines to show beside them, and what stands in the way."""

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    blockers: tuple[Blocker, ...] = ()
