"""The warnings of a plan, which do not block it. A closed union."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.unverified import UnverifiedCheck


class NoRelease(Struct, frozen=True):
    """No release of the service is recorded, so nothing shows who made a difference."""


class FailedBefore(Struct, frozen=True):
    """A release with the same content failed. `why` is its recorded cause, "" when none is."""

    number: int
    why: str


class Unverified(Struct, frozen=True):
    """A check could not be made."""

    check: UnverifiedCheck


Caution = NoRelease | FailedBefore | Unverified
