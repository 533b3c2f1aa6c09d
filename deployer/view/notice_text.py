"""The notices of a plan as text."""

from __future__ import annotations

from typing import assert_never

from deployer.core.cause import CauseKind
from deployer.core.notice import LeftBehind
from deployer.manifest.rule import REASONS
from deployer.resources.dynamodb_table.notice import LeftTable
from deployer.resources.service.notice import IgnoredKey, UnmanagedSetting
from deployer.resources.ssm_parameters.notice import KeptParameter, StagedVariable
from deployer.resources.unions import Notice
from deployer.view.cause_text import OUTSIDE, changed, reason


def detail(notice: Notice, *, rollback_to: int | None = None) -> str:
    """What a notice is about. `rollback_to` is the release that the plan brings back, None for a reconcile."""
    match notice:
        case StagedVariable():
            return _staged(notice)
        case KeptParameter():
            return _kept(notice, rollback_to)
        case LeftBehind():
            return _left_behind(notice)
        case LeftTable():
            return f"the inbox of release {notice.cause.release} is left with its messages; nothing here deletes it"
        case UnmanagedSetting():
            value = notice.value or "a setting that this version of the deployer does not know"
            why = f"{OUTSIDE}; " if notice.cause.is_drift else ""
            return f"{value}: {why}not in the manifest, kept as it is"
        case IgnoredKey():
            return f"not used: {notice.target} {REASONS[notice.reason]}"
        case _:
            assert_never(notice)


def _left_behind(notice: LeftBehind) -> str:
    if notice.what == "parameters":
        return f"the parameters of release {notice.cause.release} stay where they are; secrets are not moved"
    return f"the service of release {notice.cause.release} is left as it is; nothing here deletes it"


def _staged(notice: StagedVariable) -> str:
    cause, kind = notice.cause, f"{notice.cause.subject:<7}"
    held, live = cause.recorded, cause.live
    assert held is not None
    assert live is not None
    before = "the one before" if live.recreated else f"v{held.version}"
    holds = f"containers still hold {before}"
    if notice.at_start:
        holds = f"containers that start read it now, those that run hold {before}"
    did = "deleted and recreated" if live.recreated else f"v{held.version} -> v{live.version}"
    return f"{kind}  {did}{changed(cause)}; {holds}"


def _kept(notice: KeptParameter, rollback_to: int | None) -> str:
    named = f"not in release {rollback_to}" if rollback_to else "no longer in the manifest"
    absent = "the service holds it itself" if notice.in_service else named
    if notice.cause.kind is CauseKind.NEEDED_BY_RELEASE:
        return f"{absent}; {reason(notice.cause)}"
    if notice.cause.kind is CauseKind.NOT_OURS:
        source = f"release {rollback_to}" if rollback_to else "the manifest"
        return f"in SSM, not in {source}; left alone"
    if notice.cause.kind is CauseKind.DEEPER:
        return reason(notice.cause)
    return f"{absent}; deleted with --prune"
