"""What came of a reconcile or a rollback."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Outcome(Struct, frozen=True):
    """How many changes were made, and the release that is live now.

    `deployed` says whether it was released by this run; `number` is the ledger's, None when there is none;
    `rollback_to` is the release it brought back; `seconds` covers the run from the first change on.
    `postponed` is how many changes wait until a service that the manifest declares paused runs again.
    `turned` says whether this run paused or resumed the service, as the manifest declares; None when it did neither.
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
