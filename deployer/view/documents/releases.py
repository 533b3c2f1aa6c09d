"""The JSON of `releases`."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.release import Release
from deployer.core.release_diff import ReleaseDifference


class ReleaseDocument(Release, frozen=True, kw_only=True):
    """An entry of the ledger, with its number there. `live` means that the service runs it."""

    number: int
    live: bool


class ReleasesDiffDocument(Struct, frozen=True):
    """What differs from release `before` to release `after`, by their numbers in the ledger."""

    environment: str
    before: int
    after: int
    differences: tuple[ReleaseDifference, ...]
