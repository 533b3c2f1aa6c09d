"""The warnings of a plan, which do not block it. A closed union."""

from __future__ import annotations

from msgspec import Struct


class NoRelease(Struct, frozen=True):
    """No release of the service is recorded, so nothing shows who made a difference."""


class FailedBefore(Struct, frozen=True):
    """A release with the same content failed. `why` is its recorded cause, "" when none is."""

    number: int
    why: str


class Unverified(Struct, frozen=True):
    """Something could not be checked, because these credentials may not read it."""

    what: str


Caution = NoRelease | FailedBefore | Unverified
