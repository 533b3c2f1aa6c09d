"""The workflows that were written or checked, as text."""

from __future__ import annotations

from collections.abc import Sequence


def render_written(files: Sequence[str], deleted: Sequence[str]) -> str:
    """A line for each file."""
    return "\n".join([*files, *(f"{name}: deleted" for name in deleted)])


def render_current(files: Sequence[str]) -> str:
    """How many workflows are as they should be."""
    return f"{len(files)} workflows match the manifests."
