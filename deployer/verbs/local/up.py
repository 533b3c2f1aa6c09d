"""`deployer local up`: start the local world without deploying."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from deployer.local import lifecycle
from deployer.local.settings import world_settings
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class UpOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class RunningWorld(Struct, frozen=True):
    """A local world that runs: the addresses of its AWS and of what it emulates, by name, and the path of its log.

    `started` means that this verb has started it.
    """

    pid: int
    started: bool
    endpoint: str
    upstream: Mapping[str, str]
    log: str


def start_world(options: UpOptions) -> RunningWorld:
    """Start the world, unless it runs. Raises DeployerError for a port that is taken."""
    settings = world_settings(load_manifest(manifest_path(options.environment)))
    world, started = lifecycle.up(settings)
    return RunningWorld(world.pid, started, settings.endpoint, settings.upstream, str(settings.log))
