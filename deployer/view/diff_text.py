"""The differences between two environments as a table."""

from __future__ import annotations

from deployer.view.documents.diff import DiffDocument, SecretPair
from deployer.view.table import render_table


def render_diff(found: DiffDocument) -> str:
    """A line for each difference."""
    if not found.differences and not found.secrets:
        return f"{found.left} and {found.right} are the same."
    rows = [("", found.left, found.right)]
    rows += [(one.name, one.left or "–", one.right or "–") for one in found.differences]
    rows += [(one.name, one.left or "–", (one.right or "–") + _warning(one)) for one in found.secrets]
    return render_table(rows)


def _warning(pair: SecretPair) -> str:
    return "  the same value in both: a leak of one exposes the other" if pair.same else ""
