"""Drift as text: from what the running release was made with to what AWS holds now."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from deployer.core.drift_item import DriftItem
from deployer.core.person import person
from deployer.view.safe import one_line
from deployer.view.times import ago

LONGEST: Final = 300  # characters of a value; two that differ later than that look the same


def line(item: DriftItem, now: datetime) -> str:
    """One difference on one line: `LOGGING_LEVEL  literal  INFO -> ERROR, changed by amir 4 min ago (…)`."""
    sides = f"{_side(item.recorded, item.kind)} -> {_side(item.live, item.kind)}"
    by = f" by {person(item.who)}" if item.who else ""
    at = f" {ago(item.when, now)}" if item.when else ""
    changed = f", changed{by}{at}" if by or at else ""
    return one_line(f"{item.address}  {item.kind}  {sides}{changed}")


def _side(text: str | None, kind: str) -> str:
    if text is None:
        return "absent"
    if kind == "image":
        return re.sub(r"^.*/|(?<=sha256:[0-9a-f]{12})[0-9a-f]+$", "", text)
    whole = text if text and text.isprintable() and text == text.strip() else repr(text)
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}…"
