"""The outcome of a reconcile or a rollback."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from deployer.resources.plan import Plan


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


def unchanged(plan: Plan) -> Outcome:
    """The outcome of a plan that makes no change: it is empty, or it waits."""
    number, release = (plan.live.number, plan.live.release.id) if plan.live else (None, "")
    waits = len(plan.changes) if plan.postponed else 0
    return Outcome(0, False, number, plan.release if plan.empty else release, "", 0, plan.rollback_to, waits)
