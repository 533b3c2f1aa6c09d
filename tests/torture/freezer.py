"""A load balancer that takes the processor away from an instance while no request is in flight, as App Runner does.

App Runner throttles such an instance almost to nothing; here it is stopped, so that what would be slow does not happen.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from tests.torture.fleet import Balancer

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
CONNECTION = re.compile(rb"\r\nconnection: *[^\r]*(?=\r\n)", re.IGNORECASE)


class Freezable(Protocol):
    """An instance that can be stopped and continued."""

    port: int

    def signal(self, number: int) -> None: ...


class FreezingBalancer(Balancer):
    """Passes each request to any instance; stops every instance that has no request in flight, once `freeze` is called.

    A request is in flight from its arrival, whole, to the end of its answer or of the client's connection.
    """

    def __init__(self, instances: Callable[[], list[Freezable]], seed: int) -> None:
        super().__init__(list, seed)
        self._instances = instances
        self._inside: Counter[int] = Counter()  # port → requests in flight
        self._freezes = False
        self.passed: Counter[str] = Counter()  # path → requests

    @property
    def quiet(self) -> bool:
        """Whether every instance is stopped."""
        return self._freezes and not self._inside.total()

    async def freeze(self) -> None:
        self._freezes = True
        for instance in self._instances():
            if not self._inside[instance.port]:
                instance.signal(signal.SIGSTOP)

    async def thaw(self) -> None:
        """Let all instances run from now on."""
        self._freezes = False
        for instance in self._instances():
            instance.signal(signal.SIGCONT)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.passed[head.split(b" ", 2)[1].decode()] += 1
        request = CONNECTION.sub(b"", head[:-4]) + b"\r\nConnection: close\r\n\r\n" + body
        instance = self._chance.choice(self._instances())
        self._enter(instance)
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", instance.port)
            try:
                inner_writer.write(request)
                answer = asyncio.create_task(inner_reader.read(-1))
                gone = asyncio.create_task(reader.read(1))
                await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    writer.write(answer.result())
                for task in (answer, gone):
                    task.cancel()
                await asyncio.gather(answer, gone, return_exceptions=True)
            finally:
                inner_writer.close()
        finally:
            self._leave(instance)

    def _enter(self, instance: Freezable) -> None:
        self._inside[instance.port] += 1
        if self._freezes and self._inside[instance.port] == 1:
            instance.signal(signal.SIGCONT)

    def _leave(self, instance: Freezable) -> None:
        self._inside[instance.port] -= 1
        if self._freezes and not self._inside[instance.port]:
            instance.signal(signal.SIGSTOP)
