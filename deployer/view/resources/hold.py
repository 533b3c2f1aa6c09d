"""The hold as text."""

from __future__ import annotations

from typing import assert_never

from deployer.resources.hold.change import HoldChange, LiftHold, PlaceHold


def describe_change(change: HoldChange) -> str:
    """What a change does."""
    match change:
        case PlaceHold():
            return f"no other deployment until: just resume {change.environment}"
        case LiftHold():
            return change.hold.reason
        case _:
            assert_never(change)
