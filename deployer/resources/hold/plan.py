"""Plan the hold: a rollback places it before anything else, and other content lifts it if the manifest allows that."""

from __future__ import annotations

from deployer.core.cause import Cause, CauseKind
from deployer.core.desired import Desired
from deployer.core.hold import refused_after, refuses, rolled_back, source_id
from deployer.core.observed import Observed
from deployer.core.release import RecordedRelease
from deployer.core.service import ServiceSpec
from deployer.resources.hold.change import LiftHold, PlaceHold
from deployer.resources.unions import Change


def plan_hold(
    desired: Desired, observed: Observed, running: RecordedRelease | None, spec: ServiceSpec
) -> tuple[Change | None, bool]:
    """The change of the hold, if any, and whether the hold refuses the plan."""
    source = source_id(spec.image, desired.literals, list(desired.secrets), spec.settings)
    if desired.rollback_to is not None:
        placed = _placed(desired, observed, running, source, desired.rollback_to) if desired.places_hold else None
        return placed, False
    if observed.hold is None:
        return None, False
    if refuses(observed.hold, source, desired.after_rollback, rollback=False):
        return None, True
    causes = (Cause(kind=CauseKind.OTHER_CONTENT),)
    return LiftHold(desired.ledger, observed.hold, symbol="-", causes=causes, line=desired.lines["service"]), False


def _placed(
    desired: Desired, observed: Observed, running: RecordedRelease | None, source: str, target: int
) -> PlaceHold | None:
    """The hold to place; None when the existing hold already refuses everything that this rollback leaves."""
    old, sources = observed.hold, rolled_back(observed.releases, running, target, source)
    refused = refused_after(old, sources, source)
    if old is not None and (not old.readable or old.refused == refused):
        return None
    return PlaceHold(
        desired.ledger,
        desired.environment,
        old,
        sources,
        refused,
        symbol="~" if old else "+",
        causes=(Cause(kind=CauseKind.ROLLBACK, release=target),),
    )
