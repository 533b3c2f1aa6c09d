"""Text from outside, made safe for a terminal and for the log of a GitHub job."""

from __future__ import annotations

import re
from typing import Final

# The colours of a plan, and nothing else that a terminal obeys.
COLOURS: Final = ("\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[36m", "\x1b[2m", "\x1b[0m")
# Control characters but the line feed and the tab, other line breaks, the zero-width space, marks that reorder text.
_UNSAFE: Final = (
    "[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff]|\x1b(?!\\[(?:0|2|31|32|33|36)m)"
)


def terminal(text: str) -> str:
    r"""The text with every character that a terminal obeys written as `\u001b`: in JSON that is the same character."""
    if text.replace("\n", "").isprintable():
        return text
    return re.sub(_UNSAFE, lambda found: f"\\u{ord(found[0]):04x}", text)


def workflow(text: str) -> str:
    """The text without a command to GitHub's runner, which obeys lines that begin with `::` or hold `##[`."""
    text = text.replace("##[", "#\\u0023[")
    return re.sub(r"^(\s*):(?=:)", r"\1\\u003a", text, flags=re.MULTILINE)
