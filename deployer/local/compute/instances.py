"""Instances: real processes with a disk and an environment of their own, and their output in the logs."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from deployer.local.compute.cpu import Cpu
from deployer.local.guard import Guard, kill_group

LONGEST_LINE = 200_000  # bytes
OUTPUT_WITHIN = 1.0  # seconds in which the output of an ended process must have arrived


class Instance:
    """A running process. Its methods belong to one loop, except where noted.

    `freezes` returns whether it is frozen without a request, `freeze_after` seconds after the last. `release` frees
    what it had, such as its disk; it blocks, and is called in a thread after the end of the process.
    """

    def __init__(
        self,
        name: str,
        port: int,
        process: subprocess.Popen[bytes],
        guard: Guard,
        *,
        freezes: Callable[[], bool],
        freeze_after: float,
        release: Callable[[], None],
    ) -> None:
        self.name = name
        self.port = port
        self.requests = 0
        self.cpu = Cpu(self._signal, freezes, freeze_after)
        self._process = process
        self._guard = guard
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._exited = asyncio.Event()
        self._output_ended = asyncio.Event()

    @property
    def pid(self) -> int:
        return self._process.pid

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request in flight, and give the instance CPU for it."""
        self.requests += 1
        try:
            with self.cpu.held():
                yield
        finally:
            self.requests -= 1

    def check(self) -> AbstractContextManager[None]:
        """Give the instance CPU for a health check."""
        return self.cpu.held()

    async def attach(self, write: Callable[[str], None]) -> None:
        """Send every line of its output to `write`, and notice its end."""
        assert self._process.stdout is not None
        reader = functools.partial(_Lines, write, self._output_ended)
        await self._loop.connect_read_pipe(reader, self._process.stdout)
        threading.Thread(target=self._wait, name=f"instance-{self.pid}", daemon=True).start()

    def _wait(self) -> None:
        """Wait for the process, in a thread of its own."""
        self._process.wait()
        self._guard.ended(self._process)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._exited.set)

    async def exits_within(self, seconds: float) -> bool:
        """Wait that long, or until the process has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self._exited.wait()
        except TimeoutError:
            return False
        await self._last_output()
        return True

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative after a signal; None while it runs."""
        return self._process.returncode

    def ending(self) -> str:
        """Return how the process ended, as text."""
        code = self._process.returncode
        if code is None:
            return "it is still running"
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    async def stop(self, grace: float) -> None:
        """Send SIGTERM, after `grace` seconds SIGKILL to the whole group, and then delete the disk."""
        if not self._exited.is_set():
            self.cpu.free()  # first: of a stopped process, any thread may take the signal, and not only the main one
            self._process.terminate()
            if not await self.exits_within(grace):
                await self.kill()
        await self._end()

    async def kill(self) -> None:
        """Send SIGKILL to the whole group, and then delete the disk."""
        if not self._exited.is_set():
            kill_group(self.pid)
            await self._exited.wait()
        await self._end()

    async def _end(self) -> None:
        await self._last_output()
        await asyncio.to_thread(self._release)

    def _signal(self, number: int) -> None:
        """Send a signal to the whole group, unless the process has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    async def _last_output(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OUTPUT_WITHIN):
                await self._output_ended.wait()


class _Lines(asyncio.Protocol):
    """Splits output into lines."""

    def __init__(self, write: Callable[[str], None], ended: asyncio.Event) -> None:
        self._write = write
        self._ended = ended
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._write(line.decode(errors="replace").rstrip("\r"))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self._write(self._rest.decode(errors="replace"))
        self._ended.set()
