"""The differences between two environments as a table."""

from __future__ import annotations

from deployer.view.documents.diff import DiffDocument, SecretPair
from deployer.view.table import render_table


def render_diff(diff: DiffDocument) -> str:
    """A line for each difference."""
    if not diff.differences and not diff.secrets:
        return f"{diff.left} and {diff.right} are the same."
    rows = [("", diff.left, diff.right)]
    rows += [(one.name, one.left or "–", one.right or "–") for one in diff.differences]
    rows += [(one.name, one.left or "–", (one.right or "–") + _warning(one)) for one in diff.secrets]
    return render_table(rows)


def _warning(pair: SecretPair) -> str:
    return "  the same value in both: a leak of one exposes the other" if pair.same else ""
