"""The instances that serve on a platform, for those who do not run in its loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol, TypeVar

from deployer.local.compute.instances import Instance
from deployer.local.host import RunningInstance

T = TypeVar("T")
ANSWER_WITHIN: Final = 10.0  # seconds


class HasName(Protocol):
    """A service of a platform."""

    @property
    def name(self) -> str:
        """Return its name."""


class ServiceInstances:
    """Lists and kills instances. `find` yields them, each with its service, oldest first, in the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, find: Callable[[], Iterable[tuple[HasName, Instance]]]) -> None:
        self._loop = loop
        self._find = find

    def instances(self) -> list[RunningInstance]:
        """Return the instances that serve, oldest first. Not from the loop's own thread."""
        return self._on_loop(self._running())

    def kill(self, name: str) -> RunningInstance | None:
        """Kill an instance and delete its disk; return what it was, or None if no instance has that name."""
        return self._on_loop(self._kill(name))

    async def _running(self) -> list[RunningInstance]:
        return [_described(service, instance) for service, instance in self._find()]

    async def _kill(self, name: str) -> RunningInstance | None:
        for service, instance in self._find():
            if instance.name == name:
                killed = _described(service, instance)
                await instance.kill()
                return killed
        return None

    def _on_loop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(ANSWER_WITHIN)


def _described(service: HasName, instance: Instance) -> RunningInstance:
    return RunningInstance(
        name=instance.name,
        service=service.name,
        pid=instance.pid,
        requests=instance.requests,
        frozen=instance.cpu.frozen,
    )
