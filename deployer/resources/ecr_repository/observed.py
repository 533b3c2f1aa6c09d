"""Read the repository, its lifecycle policy, and the image to deploy."""

from __future__ import annotations

from msgspec.structs import replace

from deployer.aws import ecr
from deployer.resources.kind import Collect, Reading


def observe_repository(reading: Reading) -> Collect:
    """The repository and the image; None for what does not exist."""
    client, image = reading.session.ecr, reading.desired.image
    digest = None if image.here else image.digest
    repository = reading.pool.submit(ecr.read_repository, client, image.repository)
    live_image = reading.pool.submit(ecr.read_image, client, image.repository, image.tag, digest)
    return lambda observed: replace(observed, repository=repository.result(), image=live_image.result())
