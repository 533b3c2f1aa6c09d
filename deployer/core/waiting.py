"""What a reconcile would do, told apart by why: somebody else's change, a value that waits, an edit of the manifest."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.change import DeployService
from deployer.core.plan import Plan


class Waiting(Struct, frozen=True):
    """A line for each; none holds a secret."""

    staged: tuple[str, ...]
    drift: tuple[str, ...]
    edits: tuple[str, ...]


def waiting(plan: Plan) -> Waiting:
    """Who changed what and when is in the reason of a drift, where AWS tells."""
    drifted = [change for change in plan.changes if change.reason.startswith(("drift", "conflict"))]
    if len(drifted) > 1:  # beside what drifted, the deployment that takes it back is no drift of its own
        drifted = [change for change in drifted if not isinstance(change, DeployService)]
    edited = [change for change in plan.changes if not change.reason.startswith(("drift", "conflict", "staged"))]
    return Waiting(
        staged=tuple(f"{notice.address}  {notice.detail}" for notice in plan.notices if notice.symbol == "!"),
        drift=tuple(f"{change.address}  {change.detail}  ({change.reason})" for change in drifted),
        edits=tuple(change.address for change in edited),
    )
