"""Check the local world of a manifest that names a local endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.finding import Finding
from deployer.core.machine_finding import WorldRuns, WorldStopped
from deployer.local import lifecycle
from deployer.local.settings import world_settings
from deployer.manifest.load import LoadedManifest


def check_local_world(loaded: LoadedManifest, running: list[str]) -> Iterator[Finding]:
    """Whether it runs, or could be started. Puts its endpoint into `running` when it runs.

    Raises DeployerError for a port that is taken.
    """
    settings = world_settings(loaded)
    if lifecycle.find_usable(settings):
        running.append(settings.endpoint)
        yield WorldRuns(summary=settings.summary)
        return
    lifecycle.refuse_taken_ports(settings, *settings.lines)
    yield WorldStopped(ports=tuple(settings.lines))
