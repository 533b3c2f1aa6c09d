"""Delete the repository of an environment, when asked for: an image cannot be built again as it was."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.aws import ecr
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.removal import DestroyOptions, Kept, Remains, Removal
from deployer.resources.kind import Collect, Reading


def remaining_repository(reading: Reading) -> Collect:
    """Whether it exists."""
    found = reading.pool.submit(ecr.read_repository, reading.session.ecr, reading.desired.image.repository)
    return lambda: {"repository": found.result() is not None}


def remove_repository(desired: Desired, remains: Remains, options: DestroyOptions) -> Iterator[Removal | Kept]:
    """Decide about it. Pure."""
    name = desired.image.repository
    if not remains.repository:
        return
    if name in remains.shared:
        yield Kept("repository", name, f"{remains.shared[name]} uses it")
    elif options.repository:
        yield Removal("repository", name, "with every image in it")
    else:
        yield Kept("repository", name, "--with-repository deletes it, with every image in it")


def delete_repository(session: Session, desired: Desired, removal: Removal) -> None:
    """Delete it with every image in it."""
    del desired
    ecr.delete_repository(session.ecr, removal.name)
