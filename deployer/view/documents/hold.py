"""The JSON of `hold`."""

from __future__ import annotations

from msgspec import Struct


class HoldDocument(Struct, frozen=True):
    """The hold on an environment. `release` was rolled back from, `to` was rolled back to; None for a manual hold."""

    id: str
    environment: str
    kind: str
    who: str
    when: str
    reason: str
    release: int | None
    to: int | None
