"""A result as JSON for programs: the documents of `deployer schema`."""

from __future__ import annotations

import json

from msgspec import to_builtins
from pydantic import BaseModel


def as_json(document: object, *, ensure_ascii: bool = True) -> str:
    """A document, or several, on several lines. Without `ensure_ascii` text is kept as it is."""
    return json.dumps(to_builtins(document, enc_hook=_fields), indent=2, ensure_ascii=ensure_ascii)


def _fields(document: object) -> object:
    """The fields of a document that is parsed again when it was saved."""
    if not isinstance(document, BaseModel):
        raise NotImplementedError(type(document).__name__)
    return document.model_dump()
