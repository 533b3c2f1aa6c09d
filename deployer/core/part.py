"""What one group of resources adds to a plan."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.core.change import Change


@dataclass(frozen=True)
class Blocker:
    """Something that must be mended before the plan can be applied, and the command that mends it."""

    what: str
    fix: str
    line: str = ""


@dataclass(frozen=True)
class Notice:
    """A line that is no change of its own: "!" waits for the deployment, "?" is left alone."""

    symbol: str
    address: str
    detail: str
    line: str = ""


@dataclass(frozen=True)
class Part:
    """Changes in the order they are applied, lines to show beside them, and what stands in the way."""

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    blockers: tuple[Blocker, ...] = ()
