"""The image and its repository: which digest runs, what ECR lacks, and why the image cannot be had."""

from __future__ import annotations

from msgspec.structs import replace

from deployer.core.change import (
    Change,
    CreateRepository,
    KeepImage,
    MendRepository,
    PushImage,
    PutLifecycle,
    RepositoryChange,
)
from deployer.core.desired import Desired
from deployer.core.drift_item import DriftItem
from deployer.core.facts import Facts, RepositoryFact
from deployer.core.lifecycle import kept, lifecycle_policy, released_tag, same_policy
from deployer.core.part import Blocker, Part
from deployer.core.reasons import CHANGED, CREATED, REMOVED
from deployer.core.release import Release

PLATFORM = "linux/amd64"  # the only one App Runner runs (App Runner developer guide, "Architecture")


class ImagePart(Part, frozen=True):
    """`digest` is what will run; empty when there is no image."""

    digest: str = ""


def image(desired: Desired, facts: Facts, last: Release | None) -> ImagePart:
    """`last` is the recorded release that runs."""
    part = _image(desired, facts, ran=last is not None and last.tag == desired.image.tag)
    changes = (*repository(desired, facts.repository, released=last is not None), *part.changes)
    return replace(part, changes=changes, blockers=(*part.blockers, *_platform(desired, facts)))


def repository(desired: Desired, found: RepositoryFact | None, *, released: bool) -> list[RepositoryChange]:
    """What brings the repository and its rules to what is wanted. What was `released` had them."""
    wanted, line = desired.image, desired.lines["image"]
    missing = REMOVED if released else "missing"
    changes: list[RepositoryChange] = []
    if found is None:
        changes.append(CreateRepository(wanted.repository, symbol="+", reason=missing, line=line))
    elif not (found.immutable and found.scan_on_push):
        reason = CHANGED if released else CREATED
        mend = MendRepository(
            wanted.repository, found.immutable, found.scan_on_push, symbol="~", reason=reason, line=line
        )
        changes.append(mend)
    live = found.lifecycle if found else None
    policy = lifecycle_policy(desired.environment, wanted.keep, live)
    if live is None:
        put = PutLifecycle(wanted.repository, policy, wanted.keep, symbol="+", reason=missing, line=line)
        changes.append(put)
    elif not same_policy(live, policy):
        edited = same_policy(live, lifecycle_policy(desired.environment, kept(live), live))
        reason = desired.asks if edited else CHANGED if released else CREATED
        put = PutLifecycle(wanted.repository, policy, wanted.keep, symbol="~", reason=reason, line=line)
        changes.append(put)
    return changes


def _image(desired: Desired, facts: Facts, *, ran: bool) -> ImagePart:
    wanted, found, line = desired.image, facts.image, desired.lines["image"]
    if found is None and not wanted.here:
        return ImagePart(blockers=(_gone(desired, line, ran=ran),))
    if found is not None and wanted.digest not in {None, found.digest}:
        what = f"ECR already holds another image under the tag {wanted.tag}; tags are immutable"
        fix = "commit the change, so that it gets a tag of its own"
        return ImagePart(digest=wanted.digest or "", blockers=(Blocker(what, fix, line),))
    digest = found.digest if found else wanted.digest
    assert digest is not None
    changes: list[Change] = []
    if found is None:
        changes.append(PushImage(wanted, digest, symbol="+", reason=REMOVED if ran else "new", line=line))
    tag = released_tag(desired.environment, wanted.tag)
    if found is None or not any(t.startswith(released_tag(desired.environment, "")) for t in found.tags):
        changes.append(KeepImage(wanted, digest, tag, symbol="+", reason=REMOVED if ran else "missing", line=line))
    return ImagePart(changes=tuple(changes), digest=digest)


def _gone(desired: Desired, line: str, *, ran: bool) -> Blocker:
    wanted = desired.image
    if desired.rollback_to:
        what = f"the image of release {desired.rollback_to} ({wanted.digest or wanted.tag}) is no longer in ECR"
        return Blocker(what, f"choose another: just releases {desired.environment}", line)
    what = f"no image {wanted.repository}:{wanted.tag} in ECR"
    item = DriftItem(f"image {wanted.short_tag}", "image", wanted.tag, None) if ran else None
    return Blocker(what, f"just image push {desired.environment}, or name another: --image TAG", line, item)


def _platform(desired: Desired, facts: Facts) -> tuple[Blocker, ...]:
    seen = facts.inspection.platform if facts.inspection else None
    if seen in {None, PLATFORM}:
        return ()
    what = f"the image {desired.image.short_tag} is for {seen}, and App Runner runs {PLATFORM}"
    return (Blocker(what, f"build it with --platform {PLATFORM}", desired.lines["image"]),)
