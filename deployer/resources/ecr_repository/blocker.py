"""What blocks a plan about the image and its repository."""

from __future__ import annotations

from deployer.core.blocker import BaseBlocker


class MissingImage(BaseBlocker, frozen=True):
    """ECR does not hold the image, and this machine cannot push it. `digest` is None where only the tag is known."""

    repository: str
    tag: str
    digest: str | None


class TakenTag(BaseBlocker, frozen=True):
    """ECR holds another image under the tag."""

    tag: str


class WrongPlatform(BaseBlocker, frozen=True):
    """The image is built for another platform than the one that the target runs, such as linux/amd64."""

    tag: str
    platform: str
    runs: str


ImageBlocker = MissingImage | TakenTag | WrongPlatform
