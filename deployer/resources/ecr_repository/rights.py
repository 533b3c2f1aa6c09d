"""The calls about the repository and its images. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired
from deployer.core.target import Call


def reads(desired: Desired) -> Iterator[Call]:
    """Those of every plan."""
    yield "ecr:DescribeRepositories", {"repositoryNames": desired.image.repository}
    yield from _each(desired, "ecr:GetLifecyclePolicy", "ecr:DescribeImages")


def inspects(desired: Desired) -> Iterator[Call]:
    """Those before a deployment: the image's platform."""
    yield from _each(desired, "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def writes(desired: Desired) -> Iterator[Call]:
    """Those of a reconcile that finds the repository."""
    yield from _each(desired, "ecr:BatchGetImage", "ecr:PutImage", "ecr:PutLifecyclePolicy")


def repairs(desired: Desired) -> Iterator[Call]:
    """Those of a reconcile that finds the repository changed."""
    yield from _each(desired, "ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration")


def _each(desired: Desired, *calls: str) -> Iterator[Call]:
    for call in calls:
        yield call, {"repositoryName": desired.image.repository}
