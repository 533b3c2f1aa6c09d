"""Create or change the repository and its lifecycle policy, push an image, and tag it as a release."""

from __future__ import annotations

from typing import assert_never

from deployer.aws import ecr
from deployer.resources.ecr_repository.change import (
    ChangeRepository,
    CreateRepository,
    ImageChange,
    KeepImage,
    PushImage,
    PutLifecycle,
)
from deployer.resources.kind import Applying


def apply_image(change: ImageChange, applying: Applying) -> None:
    """Apply one change of the repository or of an image in it."""
    client = applying.session.ecr
    match change:
        case CreateRepository():
            ecr.create_repository(client, change.name)
        case ChangeRepository():
            ecr.change_repository(client, change.name)
        case PutLifecycle():
            ecr.put_lifecycle(client, change.repository, change.policy)
        case PushImage(image=image):
            assert applying.image_manifest is not None
            ecr.put_image(client, image.repository, image.tag, applying.image_manifest, change.digest)
        case KeepImage():
            ecr.tag_image(client, change.image.repository, change.digest, change.tag)
        case _:
            assert_never(change)
