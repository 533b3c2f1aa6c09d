"""`deployer local status`: show whether the local world runs."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from deployer.local import lifecycle
from deployer.local.settings import world_settings
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class StatusOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class WorldStatus(Struct, frozen=True):
    """A local world that runs: its process, its ports by name, and the folder of its project."""

    pid: int
    ports: Mapping[str, int]
    root: str


def find_world(options: StatusOptions) -> WorldStatus | None:
    """The world; None when it does not run."""
    world = lifecycle.find(world_settings(load_manifest(manifest_path(options.environment))))
    return None if world is None else WorldStatus(world.pid, world.ports, world.root)
