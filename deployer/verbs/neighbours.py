"""The other environments that live in the same AWS account."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.manifest.load import Loaded, load
from deployer.manifest.model import Manifest


def neighbours(loaded: Loaded) -> Iterator[Manifest]:
    """The manifests beside this one whose account and endpoint are the same."""
    aws = loaded.manifest.aws
    for path in sorted(loaded.path.resolve().parent.glob("*.yaml")):
        if path == loaded.path.resolve():
            continue
        other = load(path).manifest
        if (other.aws.account, other.aws.endpoint) == (aws.account, aws.endpoint):
            yield other
