"""Problems and notes of the verbs that compare something other than an environment: bootstrap and GitHub's settings."""

from __future__ import annotations

from msgspec import Struct


class Problem(Struct, frozen=True):
    """Something that must be fixed before anything is applied, and the command that fixes it."""

    what: str
    fix: str
    line: str = ""


class Note(Struct, frozen=True):
    """A line that is not a change: "=" is as desired, "!" needs a person, "?" is left alone."""

    symbol: str
    address: str
    detail: str
    line: str = ""
