"""Something in the JSON of `verify`, `adopt` and `bootstrap` that is only reported."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class NoteDocument(Struct, frozen=True):
    """Its kind, such as ImageGone, and the fields of this kind that are not empty.

    `what` and `fix` are text for people; `fix` is "" for none.
    """

    kind: str
    details: dict[str, Any]
    what: str
    fix: str = ""
