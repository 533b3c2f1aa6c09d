"""What a reconcile would do, told apart by why: somebody else's change, a value that waits, an edit of the manifest."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from deployer.core.change import DeployService
from deployer.core.plan import Plan
from deployer.core.reasons import CHANGED, drifted


class Waiting(Struct, frozen=True):
    """A line for each; none holds a secret."""

    staged: tuple[str, ...]
    drift: tuple[str, ...]
    edits: tuple[str, ...]


def waiting(plan: Plan) -> Waiting:
    """Who changed what and when is in the reason of a drift, where AWS tells."""
    edited = [change for change in plan.changes if not change.reason.startswith(("drift", "conflict", "staged"))]
    return Waiting(
        staged=tuple(f"{notice.address}  {notice.detail}" for notice in plan.notices if notice.symbol == "!"),
        drift=tuple(_drift(plan)),
        edits=tuple(change.address for change in edited),
    )


def _drift(plan: Plan) -> Iterator[str]:
    """The deployment that takes everything back is no drift of its own: only what of the service itself was changed."""
    for blocker in plan.blockers:
        if blocker.drifted:
            yield f"{blocker.what}  (drift)"
    for notice in plan.notices:
        if notice.drifted:
            yield f"{notice.address}  {notice.detail}  (drift)"
    for change in plan.changes:
        if isinstance(change, DeployService) and change.arn is not None:
            if change.outside:
                yield f"{change.address}  {', '.join(change.outside)}  ({CHANGED})"
        elif drifted(change.reason):
            yield f"{change.address}  {change.detail}  ({change.reason})"
