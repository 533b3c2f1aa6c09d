"""The differences between two releases as text."""

from __future__ import annotations

from deployer.view.documents.releases import ReleasesDiffDocument
from deployer.view.state_text import shown
from deployer.view.table import render_table


def render(diff: ReleasesDiffDocument) -> str:
    """A line for each difference, from the first release to the second."""
    title = f"{diff.environment}: release {diff.before} -> release {diff.after}"
    if not diff.differences:
        return f"{title}: image, literals, secret versions and settings are the same."
    rows = [
        (f"  {one.kind}", one.name, f"{_side(one.kind, one.before)} -> {_side(one.kind, one.after)}")
        for one in diff.differences
    ]
    return f"{title}\n{render_table(rows)}"


def _side(kind: str, text: str | None) -> str:
    if text is None:
        return "absent"
    if kind == "image":
        name, mark, digest = text.rpartition("/")[2].partition("@sha256:")
        return f"{name}{mark}{digest[:12]}"
    return text if kind in {"commit", "path"} else shown(text)
