"""Drift as text: from what the running release was made with to what AWS holds now."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from deployer.core.cause import DriftItem, State
from deployer.core.person import person_name
from deployer.errors import as_typed
from deployer.view.documents.drift import DriftDocument
from deployer.view.safe import one_line
from deployer.view.state_text import setting, versioned
from deployer.view.times import ago

LONGEST: Final = 300  # characters of a value; values that differ only after these look the same


def render_drift(drift: DriftDocument, now: datetime) -> str:
    """A line for each difference, and the command that ends them."""
    lines = [f"drift   {line(item, now)}" for item in drift.drift]
    lines += [f"staged  {line(item, now)}" for item in drift.staged]
    if not lines:
        return f"{drift.environment} has not drifted."
    return "\n".join(
        [*lines, as_typed(f"Undo drift and deploy staged values with: just reconcile {drift.environment}")]
    )


def line(item: DriftItem, now: datetime) -> str:
    """One difference on one line: `LOGGING_LEVEL  literal  INFO -> ERROR, changed by amir 4 min ago (…)`."""
    if item.kind in {"trust", "policy"}:
        sides = "removed" if item.live is None else "changed"
    elif item.kind == "setting":
        sides = f"{setting(item.address, item.recorded)} -> {setting(item.address, item.live)}"
    else:
        sides = f"{_side(item.recorded, item.kind)} -> {_side(item.live, item.kind)}"
    by = f" by {person_name(item.who)}" if item.who else ""
    at = f" {ago(item.when, now)}" if item.when else ""
    changed = f", changed{by}{at}" if by or at else ""
    return one_line(f"{item.address}  {item.kind}  {sides}{changed}")


def _side(state: State | None, kind: str) -> str:
    if state is None:
        return "absent"
    if state.hidden:
        return "other rules" if kind == "lifecycle" else "a value that is not shown"
    if state.version is not None:
        return versioned(state)
    text = state.value if state.value is not None else state.path
    if kind == "image":
        return re.sub(r"^.*/|(?<=sha256:[0-9a-f]{12})[0-9a-f]+$", "", text)
    if kind == "lifecycle":
        return f"keep the newest {text} images"
    whole = text if text and text.isprintable() and text == text.strip() else repr(text)
    typed = f"{state.type} {whole}" if state.type else whole
    return typed if len(typed) <= LONGEST else f"{typed[:LONGEST]}…"
