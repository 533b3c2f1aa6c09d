"""Text from outside, made safe for a terminal and for the log of a GitHub job."""

from __future__ import annotations

import re
from typing import Final

# The colours of a plan, and no other terminal sequence.
COLOURS: Final = ("\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[36m", "\x1b[2m", "\x1b[0m")
# Control characters except line feed and tab, other line breaks, the zero-width space, marks that reorder text.
_UNSAFE: Final = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff]"
_BUT_COLOURS: Final = r"(?!\x1b\[(?:0|2|31|32|33|36)m)" + _UNSAFE
_SGR: Final = r"\x1b\[[0-9;:]*m"


def terminal(text: str, *, colours: bool = False) -> str:
    r"""The text with every character that a terminal obeys written as `\u001b`: in JSON that is the same character.

    With `colours` those of a plan stay: only for text in which everything from outside is safe already.
    """
    if text.replace("\n", "").isprintable():
        return text
    return re.sub(_BUT_COLOURS if colours else _UNSAFE, lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: str) -> str:
    r"""Text from outside on one line and without a colour: a line feed is written as `\n`."""
    return terminal(text).replace("\n", "\\n")


def hanging(text: str, width: int) -> str:
    """Text whose second and later lines are indented by `width` columns, where no line of the deployer begins."""
    return re.sub(rf"\n(?! {{{width}}})", "\n" + " " * width, text)


def without_colours(text: str) -> str:
    """The text of a coloured log line."""
    return re.sub(_SGR, "", text) if "\x1b" in text else text


def workflow(text: str) -> str:
    """Text without commands to GitHub's runner, which obeys lines that begin with `::` or hold `##[`."""
    text = text.replace("##[", "#\\u0023[")
    return re.sub(r"^(\s*):(?=:)", r"\1\\u003a", text, flags=re.MULTILINE)
