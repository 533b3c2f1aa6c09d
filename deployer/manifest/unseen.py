"""Find characters that are invisible in a text and so hide its content."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

# Control characters, other line breaks, the zero-width space, marks that reorder the text around them, half pairs.
_SHAPE: Final = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff0-\uffff]"
_PRINTED: Final = ("\ufffc", "\ufffd")  # Python counts these two of them as printable


def find_unseen(text: str) -> tuple[re.Match[str], ...]:
    """Every such character, in order."""
    if text.replace("\n", "").isprintable() and not any(one in text for one in _PRINTED):
        return ()  # most texts: compiling the expression takes longer than reading a manifest
    return tuple(_compiled().finditer(text))


def with_marks(text: str) -> str:
    """The text with a '?' instead of each."""
    return _compiled().sub("?", text) if find_unseen(text) else text


@cache
def _compiled() -> re.Pattern[str]:
    return re.compile(_SHAPE)
