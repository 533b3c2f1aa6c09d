"""The calls about the repository and its images. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired
from deployer.core.target import Call


def reads(desired: Desired) -> Iterator[Call]:
    """The calls of every plan."""
    yield "ecr:DescribeRepositories", {"repositoryNames": desired.image.repository}
    yield from _each(desired, "ecr:GetLifecyclePolicy", "ecr:DescribeImages")


def inspects(desired: Desired) -> Iterator[Call]:
    """The calls before a deployment: they read the image's platform."""
    yield from _each(desired, "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def writes(desired: Desired) -> Iterator[Call]:
    """The calls of a reconcile when the repository exists."""
    yield from _each(desired, "ecr:BatchGetImage", "ecr:PutImage", "ecr:PutLifecyclePolicy")


def repairs(desired: Desired) -> Iterator[Call]:
    """The calls of a reconcile when the repository was changed or is missing."""
    yield from _each(desired, "ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration")


def _each(desired: Desired, *calls: str) -> Iterator[Call]:
    for call in calls:
        yield call, {"repositoryName": desired.image.repository}
