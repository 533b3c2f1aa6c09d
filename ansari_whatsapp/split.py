"""Cut an answer into as few messages as WhatsApp takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

LIMIT = 4000  # UTF-16 units; Meta takes 4096 "characters" and does not say which
_JOINED = re.compile(r"[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_PLACES = (
    re.compile(r"\n\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?؟۔。])\s+"),
    re.compile(r"\s+"),
)


def units(text: str) -> int:
    """The length in UTF-16 units, the strictest way to count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(blocks: Sequence[str], limit: int = LIMIT) -> tuple[str, ...]:
    """Messages of at most `limit` units, filled as far as they go, cut at the best place that is near the end.

    No message is blank, and nothing but white space at the cuts is lost.
    """
    messages: list[str] = []
    current = ""
    for block in blocks:
        joined = f"{current}\n\n{block}" if current else block
        if units(joined) <= limit:
            current = joined
            continue
        if current.strip():
            messages.append(current)
        *full, current = _pieces(block, limit)
        messages += full
    if current.strip():
        messages.append(current)
    return tuple(message.strip() for message in messages if message.strip())


def _pieces(text: str, limit: int) -> list[str]:
    pieces: list[str] = []
    while units(text) > limit:
        at, after = _cut(text, limit)
        pieces.append(text[:at])
        text = text[after:]
    return [*pieces, text]


def _cut(text: str, limit: int) -> tuple[int, int]:
    """Where the piece ends, and where the rest begins."""
    window = _longest(text, limit)
    for place in _PLACES:
        found = [match for match in place.finditer(text, 0, window + 1) if match.start() <= window]
        usable = [match for match in found if match.start() > window // 3]
        if usable:
            return usable[-1].start(), usable[-1].end()
    at = window
    while at > 1 and (_JOINED.match(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    at = at if at > 1 else window
    return at, at


def _longest(text: str, limit: int) -> int:
    """The most characters from the start that fit."""
    used = 0
    for at, letter in enumerate(text):
        used += 2 if letter > "\uffff" else 1
        if used > limit:
            return max(at, 1)
    return len(text)
