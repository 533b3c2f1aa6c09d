"""The outcome of a reconcile or a rollback."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Outcome(Struct, frozen=True):
    """How many changes were made, and the release that is live now.

    `deployed` means that this run released it; `number` is its number in the ledger, None when there is none;
    `rollback_to` is the release it brought back; `seconds` is the time since the first change. `postponed` is how many
    changes wait until a service that the manifest declares paused runs again. `turned` is what this run did because of
    that declaration: it paused or resumed the service, or neither (None).
    """

    changes: int
    deployed: bool
    number: int | None
    release: str
    url: str
    seconds: int
    rollback_to: int | None = None
    postponed: int = 0
    turned: Literal["paused", "resumed"] | None = None
