"""Recognise texts that look like credentials: they never belong in a manifest, and are never shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from deployer.credential_shapes import shape_in

_TELLING: Final = re.compile(r"(credential|key|passphrase|passwd|password|pwd|secret|token)s?")
# The last word of a name whose value is a credential, however simple it is.
_PASSWORDS: Final = re.compile(r"(?:.*[^a-z0-9])?(credentials?|passphrase|passwd|password|pwd|secret)")
_PASSWORD: Final = re.compile(
    r"(?!(?:true|false|none|null|enabled|disabled|required|optional)$)[^\s/]{8,}", re.IGNORECASE
)
_RANDOM_LENGTH: Final = 16
_RANDOM_BITS: Final = 3.0
# A key under any name: long, of the letters of base64, and of all kinds of them. Hexadecimal ids and digests are not.
_KEY: Final = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_-]{32,}={0,2}")
_KEY_BITS: Final = 4.0
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{3,}|[A-Z]{4,}")
_MOST_WORDS: Final = 0.5  # the share of a random text's letters that look like words
_MOST_PARTS: Final = 6  # a random text holds few of - _ and /


def credential_in(text: str, *, name: str = "") -> str | None:
    """The kind of credential that a text looks like, such as "a Meta access token", or None.

    A random text that could be an id or a digest counts only below a revealing name, and a text that is not random only
    below a name of a password or a secret.
    """
    if what := shape_in(text):
        return what
    if (is_telling(name) and _looks_random(text)) or _looks_like_key(text):
        return "a random key"
    if _PASSWORDS.fullmatch(name.lower()) and _PASSWORD.fullmatch(text) and not text.isdecimal():
        return "a password"
    return None


def is_telling(name: str) -> bool:
    """Whether a name shows that its value is a secret: `api-key`, `access-token-from-sys-user`."""
    return any(_TELLING.fullmatch(word) for word in re.split(r"[^a-z0-9]+", name.lower()))


def _looks_random(text: str) -> bool:
    if len(text) < _RANDOM_LENGTH or re.search(r"\s|://", text):
        return False
    if not (re.search(r"[0-9]", text) and re.search(r"[A-Za-z]", text)):
        return False
    return _bits(text) >= _RANDOM_BITS


def _looks_like_key(text: str) -> bool:
    """Whether a text is certainly random: names, times and paths of these letters consist of words and parts."""
    if not _KEY.fullmatch(text) or _bits(text) < _KEY_BITS:
        return False
    words = sum(len(word) for word in _WORD.findall(text))
    return words < _MOST_WORDS * len(text) and len(re.split(r"[-_/]", text)) <= _MOST_PARTS


def _bits(text: str) -> float:
    """The entropy of its letters, in bits per letter."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
