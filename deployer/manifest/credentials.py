"""Texts that look like credentials: they never belong into a manifest, and are never shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from deployer.credential_shapes import shape_in

_TELLING: Final = re.compile(r"(credential|key|passphrase|passwd|password|pwd|secret|token)s?")
_RANDOM_LENGTH: Final = 16
_RANDOM_BITS: Final = 3.0


def credential_in(text: str, *, name: str = "") -> str | None:
    """What credential a text looks like, such as "a Meta access token", or None.

    A long random text counts only below a telling name, because ids and digests are random too.
    """
    if what := shape_in(text):
        return what
    if is_telling(name) and _looks_random(text):
        return "a random key"
    return None


def is_telling(name: str) -> bool:
    """Whether a name says of itself that its value is a secret: `api-key`, `access-token-from-sys-user`."""
    return any(_TELLING.fullmatch(word) for word in re.split(r"[^a-z0-9]+", name.lower()))


def _looks_random(text: str) -> bool:
    if len(text) < _RANDOM_LENGTH or re.search(r"\s|://", text):
        return False
    if not (re.search(r"[0-9]", text) and re.search(r"[A-Za-z]", text)):
        return False
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares) >= _RANDOM_BITS
