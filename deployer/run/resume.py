"""Continue from where an earlier run stopped: attach to the operation it started instead of starting another."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from deployer.aws import ledger, ssm
from deployer.aws.lock import HeldLock
from deployer.aws.lock_record import Record
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.release import RecordedRelease, Release, last_healthy
from deployer.core.target import Description
from deployer.errors import DeployerError, DeploymentFailed, StateUnknown
from deployer.run.follow import Follower
from deployer.targets.base import Operation, Progress, RunningOperation, Target
from deployer.targets.registry import RECORDED

CLOCKS_APART = 60.0  # seconds by which this machine's clock and the platform's may differ


def settle(
    held: HeldLock, session: Session, desired: Desired, target: Target, follower: Follower
) -> RecordedRelease | None:
    """Wait for the operation under way, if any, and record the outcome of one that no run waited for.

    One that succeeded is left to the next plan, which finds a live release to prove and record; when the stopped run
    had recorded it, that release is returned. Raises DeploymentFailed or StateUnknown, as the run that started it would
    have.
    """
    service = target.observe(desired.service_name)[0]
    operation = target.newest_operation(service.arn) if service else None
    if service is None or operation is None:
        return None
    intended = held.previous if held.previous and _is_of(operation, held.previous) else None
    progress = operation.progress
    started = RunningOperation(service.arn, operation.id)
    if intended:
        held.intend(release=intended.release, content=intended.content, image=intended.image, tag=intended.tag)
        held.started(operation.id)
    if progress is Progress.RUNNING:
        follower.report.step("attach", f"{operation.kind} is under way; an earlier run or another user started it")
        progress = follower.follow(started, operation.started)
    if intended is None:
        return None
    releases = ledger.read(session.ssm, desired.ledger, RECORDED)
    recorded = next((entry for entry in releases if entry.release.operation == operation.id), None)
    if recorded is None and progress is not Progress.SUCCEEDED:
        written = desired_release(session, desired)
        ended = target.newest_operation(service.arn)
        seconds = ended.seconds if ended and ended.id == operation.id else operation.seconds
        why = follower.cause(started, operation.started)
        reason = failed_because(follower.reason(started, operation.started))
        ledger.record(
            session.ssm, desired.ledger, _failed(intended, operation, written, seconds, reason, target.description.name)
        )
        held.settled()
        raise failure(progress, intended.release, last_healthy(releases), why, desired.target)
    held.settled()
    return recorded


def failure(
    progress: Progress, release: str, serving: RecordedRelease | None, why: str, target: Description
) -> DeployerError:
    """The error for a failed deployment: rolled back by the platform, or in an unknown state."""
    fix = "fix the cause, then run again; this exact release is refused without --retry"
    if progress is Progress.ROLLED_BACK:
        old = f"release {serving.number}" if serving else "the previous version"
        at_start = target.capabilities.secrets_at_start
        reach = f"containers get them {'when they start' if at_start else 'only with the next deployment'}"
        return DeploymentFailed(
            f"release {release} did not become healthy; {old} is serving, unaffected"
            f" (parameters in SSM keep their new values, and {reach})",
            why=why,
            fix=fix,
        )
    return StateUnknown(f"the deployment of release {release} failed", why=why, fix=fix)


def failed_because(reason: str) -> str:
    """The cause of a failed deployment for the ledger; `reason` is the platform's, "" where it named none."""
    return f"the deployment failed{f': {reason}' if reason else ''}"


def has_deployed(operation: Operation | None, written: Release | None) -> bool:
    """Whether the newest operation deployed a release that another run started.

    `written` is that release as its run wrote it down just before it started the operation.
    """
    if operation is None or written is None or not operation.deploys or operation.progress is not Progress.SUCCEEDED:
        return False
    return operation.started >= datetime.fromisoformat(written.when).timestamp() - CLOCKS_APART


def _is_of(operation: Operation, said: Record) -> bool:
    """Whether the operation is the one that the lock's holder has started, or was about to start."""
    if not said.release or not operation.deploys:
        return False
    if said.operation:
        return operation.id == said.operation
    return operation.started >= datetime.fromisoformat(said.beat).timestamp() - CLOCKS_APART


def desired_release(session: Session, desired: Desired) -> Release | None:
    """The release that was deployed last, as it was written down."""
    name = ledger.intention(desired.ledger)
    parameter = ssm.read(session.ssm, [name]).get(name)
    return ledger.intended(parameter.value or "", RECORDED) if parameter else None


def _failed(
    said: Record, operation: Operation, written: Release | None, seconds: int, why: str, target: str
) -> Release:
    """The record of a failed deployment whose own run stopped before it could write one."""
    if written is not None and written.id == said.release:
        return replace(written, outcome="failed", operation=operation.id, seconds=seconds, why=why)
    return Release(
        id=said.release,
        outcome="failed",
        image=said.image,
        tag=said.tag,
        literals={},
        versions={},
        settings=None,
        manifest="",
        operation=operation.id,
        who=said.holder,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds,
        content=said.content,
        why=why,
        target=target,
    )
