"""The instances of a deployed version: start them together, watch them, replace them when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.local.apprunner.errors import Problem
from deployer.local.apprunner.health import HealthCheck, until_healthy, until_unhealthy
from deployer.local.apprunner.image import Image
from deployer.local.apprunner.instances import Instance, Launcher
from deployer.local.apprunner.limits import Limits
from deployer.local.proxy import Generation

STEADY = 60.0  # seconds after which an instance's next failure counts as its first


@dataclass(frozen=True)
class Version:
    """A deployed version: everything that starts another instance, with the secrets as they were at the deployment.

    `port` of this machine belongs to the service, None where nothing listens. With `fixed` its command names that port,
    so that its one instance listens there itself and cannot run beside another.
    """

    configuration: Mapping[str, Any]
    image: Image
    command: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    check: HealthCheck
    port: int | None
    fixed: bool
    size: int


class Fleet:
    """The instances of a version, on one loop. `tell` writes a line to the event log, `write` an instance's output."""

    def __init__(
        self,
        version: Version,
        launcher: Launcher,
        limits: Limits,
        *,
        tell: Callable[[str], None],
        write: Callable[[str, str], None],
    ) -> None:
        self.version = version
        self.generation = Generation()
        self._launcher = launcher
        self._limits = limits
        self._tell = tell
        self._write = write
        self._instances: set[Instance] = set()
        self._starting: set[asyncio.Task[Instance]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @property
    def pids(self) -> list[int]:
        return sorted(instance.pid for instance in self._instances)

    async def start(self) -> None:
        """Start every instance and wait until all are healthy. Raises Problem when one is not; then stop the rest."""
        starts = [asyncio.create_task(self._launch()) for _ in range(self.version.size)]
        self._tasks.update(starts)
        instances = await asyncio.gather(*starts)
        self._tasks = {asyncio.create_task(self._keep(instance)) for instance in instances}

    async def stop(self, *, drain: float) -> None:
        """Let the requests inside end within `drain` seconds, then stop every instance."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._starting, return_exceptions=True)
        if drain:
            await self.generation.drained(drain)
        await asyncio.gather(*(self._end(instance) for instance in list(self._instances)))

    async def _launch(self) -> Instance:
        """Start an instance, wait until it is healthy, and let it take requests."""
        version = self.version
        starting = asyncio.create_task(self._started())
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        instance = await asyncio.shield(starting)
        try:
            await until_healthy(version.check, instance, self._limits.start_budget)
        except Problem:
            await self._end(instance)
            raise
        self.generation.add(instance.port)
        return instance

    async def _started(self) -> Instance:
        """Start a process and register it, even if the caller is cancelled meanwhile."""
        version, image = self.version, self.version.image
        instance = await self._launcher.start(
            version.command,
            image.root,
            image.directory,
            version.environment,
            self._write,
            port=version.port if version.fixed else None,
        )
        self._instances.add(instance)
        if self._stopping:
            await self._end(instance)
        return instance

    async def _end(self, instance: Instance) -> None:
        self.generation.remove(instance.port)
        await instance.stop(self._limits.stop_grace)
        self._instances.discard(instance)

    async def _keep(self, instance: Instance) -> None:
        """Replace the instance whenever it ends or becomes unhealthy, with growing pauses if that does not help."""
        loop = asyncio.get_running_loop()
        pause = self._limits.backoff
        while True:
            began = loop.time()
            why = await until_unhealthy(self.version.check, instance)
            self.generation.remove(instance.port)
            self._tell(f"{why} Replacing the instance.")
            await self._end(instance)
            if loop.time() - began > STEADY:
                pause = self._limits.backoff
            while True:
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._limits.backoff_most)
                try:
                    instance = await self._launch()
                    break
                except Problem as problem:
                    self._tell(f"{problem} Trying again in {pause:.1f} seconds.")
            self._tell("The replaced instance is healthy.")
