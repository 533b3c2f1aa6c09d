"""Delete the repository of an environment, only when asked for: an image cannot be rebuilt exactly."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from deployer.aws import ecr
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.reason import NeedsOption, UsedBy
from deployer.manifest.model import Manifest
from deployer.resources.kind import CollectRemains, Reading
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions


def named_repository(other: Manifest, region: str) -> Iterator[str]:
    """The repository that another manifest names in the region."""
    if other.aws.region == region:
        yield other.image.repository


def remaining_repository(reading: Reading) -> CollectRemains:
    """Read whether the repository exists."""
    repository = reading.pool.submit(ecr.read_repository, reading.session.ecr, reading.desired.image.repository)
    return lambda remains: replace(remains, repository=repository.result() is not None)


def remove_repository(desired: Desired, remains: Remains, options: RemovalOptions) -> Iterator[Removal | KeptResource]:
    """Decide whether the repository is deleted or kept. Pure."""
    name = desired.image.repository
    if not remains.repository:
        return
    if name in remains.shared:
        yield KeptResource("repository", name, UsedBy(remains.shared[name]))
    elif options.repository:
        yield Removal("repository", name)
    else:
        yield KeptResource("repository", name, NeedsOption("--with-repository"))


def delete_repository(session: Session, desired: Desired, removal: Removal) -> None:
    """Delete the repository with every image in it."""
    del desired
    ecr.delete_repository(session.ecr, removal.name)
