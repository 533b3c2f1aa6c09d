"""`deployer local down`: stop the local world."""

from __future__ import annotations

from msgspec import Struct

from deployer.local import lifecycle
from deployer.local.settings import world_settings
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class DownOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class StoppedWorld(Struct, frozen=True):
    """A local world that does not run. `stopped` means that this verb has stopped it."""

    stopped: bool


def stop_world(options: DownOptions) -> StoppedWorld:
    """Stop the world and every instance in it."""
    return StoppedWorld(lifecycle.down(world_settings(load_manifest(manifest_path(options.environment)))))
