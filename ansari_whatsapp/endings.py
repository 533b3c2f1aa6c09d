"""How an answer ends: the backend's failures come as a 200, and only the text can tell."""

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
    """Whether this only announces a search, whose result never came."""
    text = text.strip()
    return len(text) <= SHORT and "\n" not in text and bool(_PREAMBLE.match(text)) and bool(_SEARCHES.search(text))


def is_apology(text: str) -> bool:
    """Whether this is what the backend keeps in a thread when it has failed; also the words "None" and "failure"."""
    text = text.strip()
    return text in {"None", "failure"} or (len(text) <= SHORT and bool(_APOLOGY.match(text)))


def sounds_broken(text: str) -> bool:
    """Whether it stops in the middle of a sentence, with a letter or a comma. Lists of sources end anyhow."""
    last = text.strip()[-1:]
    if CITATIONS in text or not last:
        return False
    return last in _GOES_ON or unicodedata.category(last)[0] not in "PS"


def sounds_unfinished(text: str) -> bool:
    """Whether it is worth a look into the thread, which holds what the backend itself takes for the answer."""
    return is_preamble(text) or is_apology(text) or sounds_broken(text)
