"""What a reconcile would do, sorted by cause: drift, a staged value, or an edit of the manifest."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.cause import CauseKind, DriftItem, drift_item, drift_items
from deployer.resources.plan import Plan
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.resources.unions import Change


class Waiting(Struct, frozen=True):
    """Both sides of each difference; `edits` are the addresses of the other changes. Nothing holds a secret."""

    staged: tuple[DriftItem, ...]
    drift: tuple[DriftItem, ...]
    edits: tuple[str, ...]


def find_waiting(plan: Plan) -> Waiting:
    """Sort the content of a plan by cause."""
    blocked = [item for blocker in plan.blockers for item in drift_items("", blocker.causes)]
    beside = [item for notice in plan.notices for item in drift_items(notice.address, [notice.cause])]
    changed = [item for change in plan.changes for item in drift_items(change.address, change.causes)]
    return Waiting(
        staged=tuple(drift_item(n.address, n.cause) for n in plan.notices if isinstance(n, StagedVariable)),
        drift=(*blocked, *beside, *changed),
        edits=tuple(change.address for change in plan.changes if _is_edit(change)),
    )


def _is_edit(change: Change) -> bool:
    """Whether the change has a cause other than drift or a staged value."""
    return any(not cause.is_drift and cause.kind is not CauseKind.STAGED for cause in change.causes)
