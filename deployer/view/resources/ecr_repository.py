"""The image and its repository as text: their changes, and what blocks them."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.lifecycle import RELEASED
from deployer.resources.ecr_repository.blocker import ImageBlocker, MissingImage, TakenTag, WrongPlatform
from deployer.resources.ecr_repository.change import (
    ChangeRepository,
    CreateRepository,
    ImageChange,
    KeepImage,
    PushImage,
    PutLifecycle,
)
from deployer.resources.plan import Plan

DELETED: Final = "with every image in it"


def describe_change(change: ImageChange) -> str:
    """What a change does."""
    match change:
        case CreateRepository():
            return "immutable tags, scan on push"
        case ChangeRepository():
            wrong = [] if change.immutable else ["tags mutable -> immutable"]
            return ", ".join(wrong + ([] if change.scan_on_push else ["scan on push off -> on"]))
        case PutLifecycle():
            return f"keep the newest {change.keep} images, and the newest {RELEASED} releases"
        case PushImage():
            return change.digest[:19]
        case KeepImage():
            return "kept as a release"
        case _:
            assert_never(change)


def describe_blocker(blocker: ImageBlocker, plan: Plan) -> tuple[str, str]:
    """What is wrong, and its fix."""
    match blocker:
        case MissingImage():
            return _missing_image(blocker, plan)
        case TakenTag():
            what = f"ECR already holds another image under the tag {blocker.tag}; tags are immutable"
            return what, "commit the change, so that it gets a tag of its own"
        case WrongPlatform():
            what = f"the image {blocker.tag} is for {blocker.platform}, and {plan.target.title} runs {blocker.runs}"
            return what, f"build it with --platform {blocker.runs}"
        case _:
            assert_never(blocker)


def _missing_image(blocker: MissingImage, plan: Plan) -> tuple[str, str]:
    if plan.rollback_to:
        what = f"the image of release {plan.rollback_to} ({blocker.digest or blocker.tag}) is no longer in ECR"
        return what, f"choose another: just releases {plan.environment}"
    what = f"no image {blocker.repository}:{blocker.tag} in ECR"
    return what, f"just image push {plan.environment}, or name another: --image TAG"
