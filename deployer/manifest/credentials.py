"""Texts that look like credentials: they never belong into a manifest, and are never shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

# Each provider's own documented token shape: what a text is, small words of which each has one, and the shape.
# The words are quick to look for. Most manifests hold none of them, and then no shape is compiled.
_SHAPES: Final = (
    ("an AWS access key", ("akia", "asia"), r"(?<![A-Za-z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("a Meta access token", ("eaa",), r"(?<![A-Za-z0-9])EAA[A-Za-z0-9]{20,}"),
    ("a private key", ("private key-----",), r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"),
    (
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"(?<![A-Za-z0-9])(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    ),
    ("a Slack token", ("xox", "xapp-"), r"(?<![A-Za-z0-9])(xox[a-z]|xapp)-[A-Za-z0-9-]{10,}"),
    ("a Slack webhook", ("hooks.slack.com",), r"hooks\.slack\.com/services/[A-Za-z0-9/]{10,}"),
    (
        "an API key",
        ("sk-", "sk_", "rk-", "rk_", "pk-", "pk_"),
        r"(?<![A-Za-z0-9])(sk|rk|pk)[-_][A-Za-z0-9_-]{20,}",
    ),
    ("a Google API key", ("aiza",), r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}"),
    ("a signed token (JWT)", ("eyj",), r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\."),
    (
        "an Authorization header",
        ("bearer", "basic"),
        r"(?i)(?<![A-Za-z])(bearer|basic)\s+[A-Za-z0-9+/=._-]{16,}",
    ),
    (
        "an address with a password in it",
        ("@",),
        r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/\s@:]{0,256}:[^/\s@]{1,256}@",
    ),
)
_TELLING: Final = re.compile(r"(credential|key|passphrase|passwd|password|pwd|secret|token)s?")
_RANDOM_LENGTH: Final = 16
_RANDOM_BITS: Final = 3.0


def credential_in(text: str, *, name: str = "") -> str | None:
    """What credential a text looks like, such as "a Meta access token", or None.

    A long random text counts only below a telling name, because ids and digests are random too.
    """
    folded = text.casefold()
    for what, words, shape in _SHAPES:
        if any(word in folded for word in words) and re.search(shape, text):
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
