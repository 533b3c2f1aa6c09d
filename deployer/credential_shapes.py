"""Recognise credentials by their shape."""

from __future__ import annotations

import re
from typing import Final

# Each provider's own documented token shape: what a text is, small words of which each has one, and the shape.
# The words are quick to look for. Most manifests hold none of them, and then no shape is compiled.
SHAPES: Final = (
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
# What belongs to a credential behind the part that its shape recognises.
_REST: Final = {
    "a private key": r"(?s:.*?)(-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)",
    "a signed token (JWT)": r"[A-Za-z0-9_-]*",
}


def shape_in(text: str) -> str | None:
    """Return the kind of credential whose shape the text has, such as "a Meta access token", or None."""
    folded = text.casefold()
    for what, words, shape in SHAPES:
        if any(word in folded for word in words) and re.search(shape, text):
            return what
    return None


def without_shapes(text: str, instead: str) -> str:
    """Replace every credential that is recognised by its shape by `instead`."""
    folded = text.casefold()
    for what, words, shape in SHAPES:
        if any(word in folded for word in words):
            text = re.sub(shape + _REST.get(what, ""), instead, text)
    return text
