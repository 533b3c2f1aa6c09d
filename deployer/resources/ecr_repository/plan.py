"""Plan the image and its repository: which digest runs, what ECR lacks, and what blocks the image."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from deployer.core.blocker import Blocker, MissingImage, TakenTag, WrongPlatform
from deployer.core.cause import DRIFTS, HIDDEN, Cause, CauseKind, State
from deployer.core.change import (
    Change,
    ChangeRepository,
    CreateRepository,
    KeepImage,
    PushImage,
    PutLifecycle,
    RepositoryChange,
)
from deployer.core.desired import Desired
from deployer.core.lifecycle import kept, lifecycle_policy, released_tag, same_policy
from deployer.core.observed import Observed, ObservedRepository
from deployer.core.part import PlanPart, Running


def plan_image(desired: Desired, observed: Observed, running: Running) -> PlanPart:
    """Plan the image and its repository."""
    last = running.release.release if running.release else None
    part = _image(desired, observed, ran=last is not None and last.tag == desired.image.tag)
    changes = (*plan_repository(desired, observed.repository, released=last is not None), *part.changes)
    return replace(part, changes=changes, blockers=(*part.blockers, *_platform(desired, observed)))


def plan_repository(desired: Desired, found: ObservedRepository | None, *, released: bool) -> list[RepositoryChange]:
    """Plan the repository and its lifecycle policy. `released` means that a release had them."""
    wanted, line = desired.image, desired.lines["image"]
    missing = CauseKind.REMOVED if released else CauseKind.MISSING
    other = CauseKind.DRIFT if released else CauseKind.CREATED_OUTSIDE
    changes: list[RepositoryChange] = []
    if found is None:
        cause = _of(missing, "repository", recorded=State(value=wanted.repository))
        changes.append(CreateRepository(wanted.repository, symbol="+", causes=(cause,), line=line))
    elif not (found.immutable and found.scan_on_push):
        changes.append(
            ChangeRepository(
                wanted.repository,
                found.immutable,
                found.scan_on_push,
                symbol="~",
                causes=tuple(_switched(found, other)),
                line=line,
            )
        )
    live = found.lifecycle if found else None
    policy = lifecycle_policy(desired.environment, wanted.keep, live)
    if live is None:
        cause = _of(missing, "lifecycle", recorded=State(value=str(wanted.keep)))
        put = PutLifecycle(wanted.repository, policy, wanted.keep, symbol="+", causes=(cause,), line=line)
        changes.append(put)
    elif not same_policy(live, policy):
        edited = same_policy(live, lifecycle_policy(desired.environment, kept(live), live))
        rules, keeps = State(value=str(wanted.keep)), kept(live)
        now = HIDDEN if keeps in {0, wanted.keep} else State(value=str(keeps))
        if edited:
            cause = desired.edit("lifecycle", desired=rules, live=now)
        else:
            cause = _of(other, "lifecycle", recorded=rules, live=now)
        put = PutLifecycle(wanted.repository, policy, wanted.keep, symbol="~", causes=(cause,), line=line)
        changes.append(put)
    return changes


def _switched(found: ObservedRepository, kind: CauseKind) -> Iterator[Cause]:
    """A cause for each setting of the repository that differs, named as in ECR's API."""
    if not found.immutable:
        yield _of(kind, "tag mutability", recorded=State(value="IMMUTABLE"), live=State(value="MUTABLE"))
    if not found.scan_on_push:
        yield _of(kind, "scan on push", recorded=State(value="true"), live=State(value="false"))


def _of(kind: CauseKind, subject: str, *, recorded: State, live: State | None = None) -> Cause:
    """A cause about something that every release has; before the first release, it is only desired."""
    if kind in DRIFTS:
        return Cause(kind=kind, subject=subject, recorded=recorded, live=live)
    return Cause(kind=kind, subject=subject, desired=recorded, live=live)


def _image(desired: Desired, observed: Observed, *, ran: bool) -> PlanPart:
    wanted, found, line = desired.image, observed.image, desired.lines["image"]
    if found is None and not wanted.here:
        return PlanPart(blockers=(_gone(desired, line, ran=ran),))
    if found is not None and wanted.digest not in {None, found.digest}:
        return PlanPart(digest=wanted.digest or "", blockers=(TakenTag(wanted.tag, line=line),))
    digest = found.digest if found else wanted.digest
    assert digest is not None
    changes: list[Change] = []
    held = State(value=digest)
    if found is None:
        push = _of(CauseKind.REMOVED if ran else CauseKind.NEW, "image", recorded=held)
        changes.append(PushImage(wanted, digest, symbol="+", causes=(push,), line=line))
    tag = released_tag(desired.environment, wanted.tag)
    if found is None or not any(t.startswith(released_tag(desired.environment, "")) for t in found.tags):
        keep = _of(CauseKind.REMOVED if ran else CauseKind.MISSING, "image", recorded=held)
        changes.append(KeepImage(wanted, digest, tag, symbol="+", causes=(keep,), line=line))
    return PlanPart(changes=tuple(changes), digest=digest)


def _gone(desired: Desired, line: str, *, ran: bool) -> Blocker:
    wanted = desired.image
    causes: tuple[Cause, ...] = ()
    if ran and not desired.rollback_to:
        address = f"image {wanted.short_tag}"
        causes = (Cause(kind=CauseKind.REMOVED, subject="image", name=address, recorded=State(value=wanted.tag)),)
    return MissingImage(wanted.repository, wanted.tag, wanted.digest, causes=causes, line=line)


def _platform(desired: Desired, observed: Observed) -> tuple[Blocker, ...]:
    seen = observed.inspection.platform if observed.inspection else None
    runs = desired.target.capabilities.image_platform
    if seen is None or seen == runs:
        return ()
    return (WrongPlatform(desired.image.short_tag, seen, runs, line=desired.lines["image"]),)
