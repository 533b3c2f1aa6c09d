"""What one group of resources adds to a plan."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.change import Change


class Blocker(Struct, frozen=True):
    """Something that must be mended before the plan can be applied, and the command that mends it.

    `drifted` says that it was not so when the running release was made.
    """

    what: str
    fix: str
    line: str = ""
    drifted: bool = False


class Notice(Struct, frozen=True):
    """A line that is no change of its own: "!" waits for the deployment, "?" is left alone.

    `group` is the heading it is shown under. `drifted` says that it was not so when the running release was made.
    """

    symbol: str
    address: str
    detail: str
    line: str = ""
    group: str = "Variables"
    drifted: bool = False


class Part(Struct, frozen=True):
    """Changes in the order they are applied, lines to show beside them, and what stands in the way."""

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    blockers: tuple[Blocker, ...] = ()
