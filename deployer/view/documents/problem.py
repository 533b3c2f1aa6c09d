"""A problem in the JSON of `verify`, `bootstrap` and `ci github-sync`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class ProblemDocument(Struct, frozen=True):
    """A problem: its kind, such as MissingRole, the fields of this kind that are not empty, and text for people.

    `line` is the line of the manifest it is about, "" if none.
    """

    what: str
    fix: str
    line: str
    kind: str
    details: dict[str, Any]
