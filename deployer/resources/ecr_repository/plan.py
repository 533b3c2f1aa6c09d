"""Plan the image and its repository: which digest runs, what ECR lacks, and what blocks the image."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from deployer.core.cause import DRIFTS, HIDDEN, Cause, CauseKind, State
from deployer.core.desired import Desired
from deployer.core.lifecycle import kept, lifecycle_policy, released_tag, same_policy
from deployer.core.observed import Observed, ObservedRepository
from deployer.resources.ecr_repository.blocker import MissingImage, TakenTag, WrongPlatform
from deployer.resources.ecr_repository.change import (
    ChangeRepository,
    CreateRepository,
    KeepImage,
    PushImage,
    PutLifecycle,
    RepositoryChange,
)
from deployer.resources.part import PlanPart, Running
from deployer.resources.unions import Blocker, Change


def plan_image(desired: Desired, observed: Observed, running: Running) -> PlanPart:
    """Plan the image and its repository."""
    last = running.release.release if running.release else None
    part = _image(desired, observed, ran=last is not None and last.tag == desired.image.tag)
    changes = (*plan_repository(desired, observed.repository, released=last is not None), *part.changes)
    return replace(part, changes=changes, blockers=(*part.blockers, *_platform(desired, observed)))


def plan_repository(
    desired: Desired, repository: ObservedRepository | None, *, released: bool
) -> list[RepositoryChange]:
    """Plan the repository and its lifecycle policy. `released` means that a release had them."""
    image, line = desired.image, desired.lines["image"]
    missing = CauseKind.REMOVED if released else CauseKind.MISSING
    other = CauseKind.DRIFT if released else CauseKind.CREATED_OUTSIDE
    changes: list[RepositoryChange] = []
    if repository is None:
        cause = _of(missing, "repository", recorded=State(value=image.repository))
        changes.append(CreateRepository(image.repository, symbol="+", causes=(cause,), line=line))
    elif not (repository.immutable and repository.scan_on_push):
        changes.append(
            ChangeRepository(
                image.repository,
                repository.immutable,
                repository.scan_on_push,
                symbol="~",
                causes=tuple(_switched(repository, other)),
                line=line,
            )
        )
    live = repository.lifecycle if repository else None
    policy = lifecycle_policy(desired.environment, image.keep, live)
    if live is None:
        cause = _of(missing, "lifecycle", recorded=State(value=str(image.keep)))
        put = PutLifecycle(image.repository, policy, image.keep, symbol="+", causes=(cause,), line=line)
        changes.append(put)
    elif not same_policy(live, policy):
        edited = same_policy(live, lifecycle_policy(desired.environment, kept(live), live))
        rules, keeps = State(value=str(image.keep)), kept(live)
        now = HIDDEN if keeps in {0, image.keep} else State(value=str(keeps))
        if edited:
            cause = desired.edit("lifecycle", desired=rules, live=now)
        else:
            cause = _of(other, "lifecycle", recorded=rules, live=now)
        put = PutLifecycle(image.repository, policy, image.keep, symbol="~", causes=(cause,), line=line)
        changes.append(put)
    return changes


def _switched(repository: ObservedRepository, kind: CauseKind) -> Iterator[Cause]:
    """A cause for each setting of the repository that differs, named as in ECR's API."""
    if not repository.immutable:
        yield _of(kind, "tag mutability", recorded=State(value="IMMUTABLE"), live=State(value="MUTABLE"))
    if not repository.scan_on_push:
        yield _of(kind, "scan on push", recorded=State(value="true"), live=State(value="false"))


def _of(kind: CauseKind, subject: str, *, recorded: State, live: State | None = None) -> Cause:
    """A cause about something that every release has; before the first release, it is only desired."""
    if kind in DRIFTS:
        return Cause(kind=kind, subject=subject, recorded=recorded, live=live)
    return Cause(kind=kind, subject=subject, desired=recorded, live=live)


def _image(desired: Desired, observed: Observed, *, ran: bool) -> PlanPart:
    image, live, line = desired.image, observed.image, desired.lines["image"]
    if live is None and not image.here:
        return PlanPart(blockers=(_gone(desired, line, ran=ran),))
    if live is not None and image.digest not in {None, live.digest}:
        return PlanPart(digest=image.digest or "", blockers=(TakenTag(image.tag, line=line),))
    digest = live.digest if live else image.digest
    assert digest is not None
    changes: list[Change] = []
    held = State(value=digest)
    if live is None:
        push = _of(CauseKind.REMOVED if ran else CauseKind.NEW, "image", recorded=held)
        changes.append(PushImage(image, digest, symbol="+", causes=(push,), line=line))
    tag = released_tag(desired.environment, image.tag)
    if live is None or not any(t.startswith(released_tag(desired.environment, "")) for t in live.tags):
        keep = _of(CauseKind.REMOVED if ran else CauseKind.MISSING, "image", recorded=held)
        changes.append(KeepImage(image, digest, tag, symbol="+", causes=(keep,), line=line))
    return PlanPart(changes=tuple(changes), digest=digest)


def _gone(desired: Desired, line: str, *, ran: bool) -> Blocker:
    image = desired.image
    causes: tuple[Cause, ...] = ()
    if ran and not desired.rollback_to:
        address = f"image {image.short_tag}"
        causes = (Cause(kind=CauseKind.REMOVED, subject="image", name=address, recorded=State(value=image.tag)),)
    return MissingImage(image.repository, image.tag, image.digest, causes=causes, line=line)


def _platform(desired: Desired, observed: Observed) -> tuple[Blocker, ...]:
    platform = observed.inspection.platform if observed.inspection else None
    runs = desired.target.capabilities.image_platform
    if platform is None or platform == runs:
        return ()
    return (WrongPlatform(desired.image.short_tag, platform, runs, line=desired.lines["image"]),)
