"""Changes of the image repository and its images."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.change import BaseChange
from deployer.core.desired import DesiredImage


class CreateRepository(BaseChange, frozen=True):
    """Create an ECR repository with immutable tags, so that a tag always means the same commit."""

    group: ClassVar[str] = "Image"
    name: str

    @property
    def address(self) -> str:
        return f"repository {self.name}"


class ChangeRepository(BaseChange, frozen=True):
    """Set tag immutability or scanning back to what the deployer keeps."""

    group: ClassVar[str] = "Image"
    name: str
    immutable: bool
    scan_on_push: bool

    @property
    def address(self) -> str:
        return f"repository {self.name}"


class PutLifecycle(BaseChange, frozen=True):
    """Write the rules that keep the newest images."""

    group: ClassVar[str] = "Image"
    repository: str
    policy: str
    keep: int

    @property
    def address(self) -> str:
        return f"lifecycle {self.repository}"


class PushImage(BaseChange, frozen=True):
    """Push an image that this machine holds and ECR does not."""

    group: ClassVar[str] = "Image"
    image: DesiredImage
    digest: str

    @property
    def address(self) -> str:
        return f"image {self.image.short_tag}"


class KeepImage(BaseChange, frozen=True):
    """Put a second tag on an image that is about to be released, so that ECR does not expire it."""

    group: ClassVar[str] = "Image"
    image: DesiredImage
    digest: str
    tag: str

    @property
    def address(self) -> str:
        return f"tag {self.image.short_tag}"


RepositoryChange = CreateRepository | ChangeRepository | PutLifecycle
ImageChange = RepositoryChange | PushImage | KeepImage
