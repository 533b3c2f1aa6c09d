"""The instances of a deployed version: start them, scale them by load, replace them when they end."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.local.apprunner.limits import Limits
from deployer.local.compute.health import HealthCheck, until_healthy, until_unhealthy
from deployer.local.compute.image import Image
from deployer.local.compute.instances import Instance
from deployer.local.compute.launcher import Launcher
from deployer.local.compute.problem import Problem
from deployer.local.proxy import Generation

STEADY = 60.0  # seconds after which an instance's next failure counts as its first


@dataclass(frozen=True)
class Version:
    """A deployed version: everything that starts another instance, with the secrets as they were at the deployment.

    `port` of this machine belongs to the service, None where nothing listens. With `fixed` its command names that port,
    so that its one instance listens there itself and cannot run beside another. `role` is the ARN of the instance role.
    There are `low` to `high` instances, each for `concurrency` requests in flight.
    """

    configuration: Mapping[str, Any]
    image: Image
    command: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    check: HealthCheck
    port: int | None
    fixed: bool
    role: str | None
    low: int
    high: int
    concurrency: int

    @property
    def proxied(self) -> bool:
        """Return whether every request is seen on its way to an instance."""
        return self.port is not None and not self.fixed


class _Slot:
    """Room for one instance, and the task that keeps an instance there."""

    def __init__(self, instance: Instance | None = None) -> None:
        self.instance = instance
        self.task: asyncio.Task[None] | None = None


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
        self._slots: list[_Slot] = []  # oldest first
        self._instances: set[Instance] = set()
        self._starting: set[asyncio.Task[Instance]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @property
    def serving(self) -> list[Instance]:
        """Return the healthy instances, oldest first."""
        return [slot.instance for slot in self._slots if slot.instance is not None]

    async def start(self) -> None:
        """Start the fewest instances and wait until all are healthy. Raises Problem if one is not; then stop them."""
        starts = [asyncio.create_task(self._launch()) for _ in range(self.version.low)]
        self._tasks.update(starts)
        for instance in await asyncio.gather(*starts):
            self._occupy(_Slot(instance))
        self._tasks.difference_update(starts)
        if self.version.proxied:
            self._begin(self._scale())

    async def stop(self, *, drain: float) -> None:
        """Let the requests inside end within `drain` seconds, then stop every instance."""
        self._stopping = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._starting, return_exceptions=True)
        if drain:
            await self.generation.drained(drain)
        await asyncio.gather(*(self._end(instance) for instance in list(self._instances)))

    async def _launch(self) -> Instance:
        """Start an instance, wait until it is healthy, and let it take requests."""
        starting = asyncio.create_task(self._started())
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        instance = await asyncio.shield(starting)
        try:
            await until_healthy(self.version.check, instance, self._limits.start_budget)
        except Problem:
            await self._end(instance)
            raise
        self.generation.add(instance)
        if self.version.proxied:  # else it would stay frozen
            instance.cpu.limit()
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
            role=version.role,
        )
        self._instances.add(instance)
        if self._stopping:
            await self._end(instance)
        return instance

    async def _end(self, instance: Instance) -> None:
        self.generation.remove(instance)
        await instance.stop(self._limits.stop_grace)
        self._instances.discard(instance)

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it until the fleet stops."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _occupy(self, slot: _Slot) -> None:
        self._slots.append(slot)
        slot.task = self._begin(self._keep(slot))
        self.generation.room = len(self._slots) * self.version.concurrency

    async def _keep(self, slot: _Slot) -> None:
        """Keep an instance in the slot: replace it whenever it ends or becomes unhealthy, with growing pauses."""
        loop = asyncio.get_running_loop()
        pause = self._limits.backoff
        if slot.instance is None:
            slot.instance = await self._launch_again(pause)
            self._tell(f"Scaled out to {len(self.serving)} instances.")
        while True:
            began = loop.time()
            why = await until_unhealthy(self.version.check, slot.instance)
            self._tell(f"{why} Replacing the instance.")
            instance, slot.instance = slot.instance, None
            await self._end(instance)
            if loop.time() - began > STEADY:
                pause = self._limits.backoff
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._limits.backoff_most)
            slot.instance = await self._launch_again(pause)
            self._tell("The replaced instance is healthy.")

    async def _launch_again(self, pause: float) -> Instance:
        """Start an instance, and try again as long as that fails."""
        while True:
            try:
                return await self._launch()
            except Problem as problem:
                self._tell(f"{problem} Trying again in {pause:.1f} seconds.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._limits.backoff_most)

    async def _scale(self) -> None:
        """Have as many instances as the requests in flight need, and stop the others when they are idle for long."""
        loop = asyncio.get_running_loop()
        enough_since: float | None = None  # when fewer instances began to be enough
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.look):
                    await self.generation.crowded.wait()
            self.generation.crowded.clear()
            for instance in self.serving:
                instance.cpu.update()
            version, requests, count = self.version, self.generation.requests, len(self._slots)
            needed = min(max(math.ceil(requests / version.concurrency), version.low), version.high)
            if needed >= count:
                enough_since = None
            elif enough_since is None:
                enough_since = loop.time()
            if needed > count:
                self._tell(f"{requests} requests are in flight. Scaling out from {count} to {needed} instances.")
                for _ in range(needed - count):
                    self._occupy(_Slot())
            elif enough_since is not None and loop.time() - enough_since >= self._limits.idle:
                self._scale_in(count - needed)
                enough_since = None

    def _scale_in(self, number: int) -> None:
        """Stop so many instances without requests, newest first."""
        idle = [slot for slot in self._slots if slot.instance is not None and not slot.instance.requests]
        for slot in idle[::-1][:number]:
            assert slot.instance is not None
            assert slot.task is not None
            slot.task.cancel()
            self._slots.remove(slot)
            self._begin(self._end(slot.instance))
            self.generation.remove(slot.instance)  # before any other request can be sent there
        count = len(self._slots)
        self.generation.room = count * self.version.concurrency
        if idle:
            self._tell(f"{self.generation.requests} requests are in flight. Scaling in to {count} instances.")
