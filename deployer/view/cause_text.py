"""The causes of a change as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from deployer.core.cause import Cause, CauseKind
from deployer.core.person import person_name
from deployer.resources.hold.change import PlaceHold
from deployer.resources.unions import Change
from deployer.view.times import minute

OUTSIDE = "changed outside the deployer"
READABLE = "its value could be read: rotate the credential"


def why(change: Change) -> str:
    """The causes of a change."""
    return "rollback" if isinstance(change, PlaceHold) else reasons(change.causes)


def reasons(causes: Iterable[Cause]) -> str:
    """All causes on one line, each once."""
    causes = list(causes)
    documents = [cause.subject for cause in causes if cause.subject in {"trust", "policy"} and cause.is_drift]
    if documents and not any(cause.kind is CauseKind.REMOVED for cause in causes):
        return f"drift in its {' and '.join(documents)}"
    return ", ".join(dict.fromkeys(reason(cause) for cause in causes))


def reason(cause: Cause) -> str:  # noqa: C901 -- one return for each kind
    """One cause, with who made the live state and when, where AWS reports that."""
    match cause.kind:
        case CauseKind.NEW:
            return "new"
        case CauseKind.MISSING:
            return "missing"
        case CauseKind.DIFFERENT:
            return "differs"
        case CauseKind.EDIT | CauseKind.ROLLBACK:
            return _edit(cause)
        case CauseKind.DRIFT:
            return f"drift: {OUTSIDE}{changed(cause)}"
        case CauseKind.REMOVED:
            return "drift: removed outside the deployer"
        case CauseKind.CONFLICT:
            return f"conflict: {_edit(cause)}, and {OUTSIDE}{changed(cause)}"
        case CauseKind.CREATED_OUTSIDE:
            return "created outside the deployer"
        case CauseKind.MADE_READABLE:
            return f"drift: made readable outside the deployer; {READABLE}"
        case CauseKind.WAS_LITERAL:
            return f"{_edit(cause)}: it was a literal; {READABLE}"
        case CauseKind.WAS_READABLE:
            return f"was readable; {READABLE}"
        case CauseKind.STAGED:
            return "staged"
        case CauseKind.PARAMETERS:
            return "parameters change"
        case CauseKind.LEFT_BY_FAILED:
            return f"left by release {cause.release}, which failed"
        case CauseKind.LEFT_BY_UNFINISHED:
            return f"left by release {cause.release_id}, which was not finished"
        case CauseKind.UNRECORDED:
            return "live, but not in the ledger"
        case CauseKind.RECORDED_FAILED:
            return "live, but recorded as failed"
        case CauseKind.NEVER_RAN:
            return "it never ran"
        case CauseKind.NO_REVISION:
            return "no revision with these numbers"
        case CauseKind.RUNS_AGAIN:
            return "it runs again"
        case CauseKind.OTHER_CONTENT:
            return "other content than was rolled back from (service.after_rollback)"
        case CauseKind.UNNAMED:
            return f"not in release {cause.release}" if cause.release else "no longer in the manifest"
        case CauseKind.HELD_BY_SERVICE:
            return "the service holds it itself"
        case CauseKind.NEEDED_BY_RELEASE:
            return f"kept, because release {cause.release} needs it"
        case CauseKind.DEEPER:
            return "in SSM, deeper than this environment's own; left alone"
        case CauseKind.NOT_OURS:
            return "in SSM, without the deployer's tag; left alone"
        case CauseKind.LEFT_BEHIND:
            return f"of release {cause.release}"
        case CauseKind.IGNORED:
            return "not used by this target"
        case CauseKind.UNMANAGED:
            return "not in the manifest"
        case _:
            assert_never(cause.kind)


def changed(cause: Cause) -> str:
    """When and by whom the live state was made: `, 2026-11-03 09:12 UTC by amir`; "" where AWS does not report it."""
    when = f", {minute(cause.when)}" if cause.when else ""
    return when + (f" by {person_name(cause.who)}" if cause.who else "")


def _edit(cause: Cause) -> str:
    asks = f"as in release {cause.release}" if cause.release else "edit"
    return f"{asks}: description" if cause.subject == "description" else asks
