"""The columns that a text takes on a terminal, and those that the terminal has."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from typing import Final

_WIDE: Final = frozenset("WF")  # East Asian letters and most emoji
_NOT_SHOWN: Final = frozenset({"Mn", "Me", "Cf"})  # marks on the letter before, and joiners


def cells(text: str) -> int:
    """Return the columns that a text of one line takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def padded(text: str, width: int) -> str:
    """Return the text with blanks behind it up to a width in columns."""
    return text + " " * (width - cells(text))


def terminal_columns() -> int | None:
    """Return the width of the terminal that the output goes to; None for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in _NOT_SHOWN:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1
