"""Recognise unfinished answers by their text, because the backend's failures come with status 200."""

from __future__ import annotations

import re
import unicodedata

CITATIONS = "**Citations**:"
SHORT = 300  # characters; what is longer is no preamble
_GOES_ON = frozenset(",،-–—([{")  # punctuation that no text ends with
_PREAMBLE = re.compile(r"(?i)^(?:sure[,.!]? |of course[,.!]? )?(?:let me|i'll|i will|i'm going to|allow me to)\b")
_SEARCHES = re.compile(r"(?i)\b(?:search|look|find|check|consult)\w*\b")
_APOLOGY = re.compile(r"(?i)^i(?:'m| am) sorry,? .{0,80}(?:went wrong|try again|an error|could not be)")


def is_preamble(text: str) -> bool:
    """Return whether the text only announces a search whose result never came."""
    text = text.strip()
    return len(text) <= SHORT and "\n" not in text and bool(_PREAMBLE.match(text)) and bool(_SEARCHES.search(text))


def is_apology(text: str) -> bool:
    """Return whether the text is what the backend stores in a thread after a failure, or "None" or "failure"."""
    text = text.strip()
    return text in {"None", "failure"} or (len(text) <= SHORT and bool(_APOLOGY.match(text)))


def sounds_broken(text: str) -> bool:
    """Return whether the text stops mid-sentence, with a letter or a comma. A list of sources may end in any way."""
    last = text.strip()[-1:]
    if CITATIONS in text or not last:
        return False
    return last in _GOES_ON or unicodedata.category(last)[0] not in "PS"


def sounds_unfinished(text: str) -> bool:
    """Return whether to read the thread, which holds what the backend considers the answer."""
    return is_preamble(text) or is_apology(text) or sounds_broken(text)
