"""Rows as columns of a text."""

from __future__ import annotations

from collections.abc import Sequence

from deployer.view.safe import one_line


def table(rows: Sequence[Sequence[str]]) -> str:
    """Every column as wide as its widest cell. Cells may hold text from outside: each stays on its line."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
