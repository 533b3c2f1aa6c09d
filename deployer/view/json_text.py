"""A result as JSON for programs: the documents of `deployer schema`."""

from __future__ import annotations

import json

from msgspec import to_builtins


def as_json(document: object, *, ensure_ascii: bool = True) -> str:
    """A document, or several, on several lines. Without `ensure_ascii` text is kept as it is."""
    return json.dumps(to_builtins(document), indent=2, ensure_ascii=ensure_ascii)
