"""Split an answer into as few messages as WhatsApp's limit allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from ansari_whatsapp.marks import Span, spans_in

LIMIT: Final = 4000  # UTF-16 units; Meta takes 4096 "characters" and does not say which
_NO_HEADING: Final = r"(?m:(?<!^\*[^\n]*\*\n?))"  # a line in bold before it belongs to what comes behind
_PLACES: Final = (
    regex.compile(_NO_HEADING + r"\n\n"),
    regex.compile(_NO_HEADING + r"\n"),
    regex.compile(r"(?<=[.!?؟۔。])\s+"),
    regex.compile(_NO_HEADING + r"\s+"),
)
_LONGEST_MARKS: Final = 4  # one of each kind, or a fence
_GRAPHEME: Final = regex.compile(r"\X")
_LONGEST_GRAPHEME: Final = 64  # characters that are looked at; a longer one is cut


def units(text: str) -> int:
    """Return the length in UTF-16 units, the strictest way to count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_blocks(blocks: Sequence[str], limit: int = LIMIT) -> tuple[str, ...]:
    """Split a text into messages of at most `limit` units, each as long as possible, at the best cut near its end.

    No message is blank, and only white space at the cuts is lost. Formatting that a cut would break is closed before
    it and opened again behind it.
    """
    messages: list[str] = []
    current, used = "", 0
    for block in blocks:
        joined = f"{current}\n\n{block}" if current else block
        length = units(block)
        needed = used + length + len(joined) - len(current) - len(block)
        if needed <= limit:
            current, used = joined, needed
        elif length <= limit:
            messages.append(current)
            current, used = block, length
        else:  # it is cut anyhow, so it may as well fill what has room
            *full, current = _pieces(joined, limit)
            messages += full
            used = units(current)
    if current.strip():
        messages.append(current)
    return tuple(message.strip() for message in messages if message.strip())


def _pieces(text: str, limit: int) -> list[str]:
    pieces: list[str] = []
    while units(text) > limit:
        spans = spans_in(text)
        end, begin = _cut(text, limit - 2 * _LONGEST_MARKS if spans else limit, spans)
        torn = [span.mark for span in spans if span.start < end and begin < span.end]
        pieces.append(text[:end] + "".join(reversed(torn)))
        text = "".join(torn) + text[begin:]
    return [*pieces, text]


def _cut(text: str, limit: int, spans: Sequence[Span]) -> tuple[int, int]:
    """Return where the piece ends and where the rest begins: outside all formatting if possible."""
    window = _longest(text, limit)
    marked, forbidden = bytearray(len(text) + 1), bytearray(len(text) + 1)
    for start, end, mark in spans:
        marked[start + 1 : end] = b"\1" * (end - start - 1)
        for at in (*range(start + 1, start + len(mark) + 1), *range(end - len(mark), end)):
            forbidden[at] = 1  # a mark of its own there would have nothing to mark
    for avoided in (marked, forbidden):
        for place in _PLACES:
            places = [match.span() for match in place.finditer(text, window // 3 + 1, window + 1)]
            usable = [(end, begin) for end, begin in places if end <= window and not avoided[end] | forbidden[begin]]
            if usable:
                return usable[-1]
    letters = [match.end() for match in _GRAPHEME.finditer(text, 0, window + _LONGEST_GRAPHEME)]
    at = max((end for end in letters if end <= window and not forbidden[end]), default=window)
    return at, at


def _longest(text: str, limit: int) -> int:
    """Return the number of characters from the start that fit."""
    used = 0
    for at, letter in enumerate(text):
        used += 2 if letter > "\uffff" else 1
        if used > limit:
            return max(at, 1)
    return len(text)
