"""What a reconcile would do, by cause: drift, a value that waits, or an edit of the manifest."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.desired import Desired
from deployer.core.drift import drift_of
from deployer.core.drift_item import DriftItem
from deployer.core.facts import Facts
from deployer.core.plan import Plan
from deployer.core.release import last_healthy


class Waiting(Struct, frozen=True):
    """Both sides of each difference; `edits` are the addresses of the other changes. Nothing holds a secret."""

    staged: tuple[DriftItem, ...]
    drift: tuple[DriftItem, ...]
    edits: tuple[str, ...]


def waiting(plan: Plan, desired: Desired, facts: Facts) -> Waiting:
    """`desired` and `facts` are those that the plan was made of."""
    edited = [change for change in plan.changes if not change.reason.startswith(("drift", "conflict", "staged"))]
    last = plan.live or last_healthy(facts.releases)
    found = [blocker.item for blocker in plan.blockers]
    found += [notice.item for notice in plan.notices if notice.symbol != "!"]
    if last is not None:
        found += [item for change in plan.changes for item in drift_of(change, desired, facts, last.release)]
    return Waiting(
        staged=tuple(notice.item for notice in plan.notices if notice.symbol == "!" and notice.item),
        drift=tuple(item for item in found if item is not None),
        edits=tuple(change.address for change in edited),
    )
