"""Rows as columns of a text."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from deployer.view.safe import one_line
from deployer.view.width import cells, padded, terminal_columns

NARROWEST: Final = 20  # columns; in less, a text is harder to read than a line that the terminal itself continues


def render_table(rows: Sequence[Sequence[str]], columns: int | None = None) -> str:
    """Return the rows, every column as wide as its widest cell.

    Cells may hold text from outside: each stays on its line. On a terminal, whose width is `columns` unless given, a
    long cell of the last column continues below itself.
    """
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    start = sum(widths[:-1]) + 2 * len(widths[:-1])
    room = (columns or terminal_columns() or 0) - start
    lines = ["  ".join(padded(cell, width) for cell, width in zip(row[:-1], widths, strict=False)) for row in rows]
    if len(widths) > 1:
        lines = [f"{line}  " for line in lines]
    ends = (_continued(row[-1], start, room) for row in rows)
    return "\n".join(f"{line}{end}".rstrip() for line, end in zip(lines, ends, strict=True))


def _continued(cell: str, start: int, room: int) -> str:
    if room < NARROWEST or cells(cell) <= room:
        return cell
    return f"\n{' ' * start}".join(wrap(cell, room, break_long_words=False, break_on_hyphens=False))
