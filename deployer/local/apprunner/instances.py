"""Instances: real processes of an image's program, with an environment of their own and their output in the logs."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from deployer.local.apprunner.errors import Problem
from deployer.local.guard import Guard

LONGEST_LINE = 200_000  # bytes
PORTS = range(20_000, 32_000)  # below what systems give to outgoing connections
OUTPUT_WITHIN = 1.0  # seconds in which the output of an ended process must have arrived


class Instance:
    """A running process. Its methods belong to one loop, except where noted."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], guard: Guard) -> None:
        self.name = name
        self.port = port
        self._process = process
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._exited = asyncio.Event()
        self._output_ended = asyncio.Event()

    @property
    def pid(self) -> int:
        return self._process.pid

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

    def ending(self) -> str:
        """Return how the process ended, as text."""
        code = self._process.returncode
        if code is None:
            return "it is still running"
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    async def stop(self, grace: float) -> None:
        """Send SIGTERM, and after `grace` seconds SIGKILL to the whole group."""
        if not self._exited.is_set():
            self._process.terminate()
            if not await self.exits_within(grace):
                self._process.kill()
                await self._exited.wait()
        await self._last_output()

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


class Launcher:
    """Starts instances."""

    def __init__(self, guard: Guard, region: str) -> None:
        self._guard = guard
        self._region = region
        self._recent: list[int] = []

    async def start(
        self,
        command: Sequence[str],
        root: Path,
        directory: str,
        environment: Mapping[str, str],
        write: Callable[[str, str], None],
        *,
        port: int | None = None,
    ) -> Instance:
        """Start `command` below the image's `root`; `write` takes the instance's name and each line of its output.

        Without a fixed `port` it gets a free port in PORT. Raises Problem if the fixed port is taken.

        The environment is what is given and what App Runner itself sets, nothing of this process.
        """
        name = uuid.uuid4().hex
        if port is not None and not _is_free(port):
            raise Problem(f"Port {port} of 127.0.0.1 cannot be given to the instance: another program listens there.")
        port = port or self._free_port()
        env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            **environment,
            "PORT": str(port),
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
        }
        argv = program(command, root)
        cwd = working_directory(root, directory)
        try:
            process = await asyncio.to_thread(self._guard.spawn, argv, cwd=cwd, env=env)
        except (OSError, ValueError):
            raise Problem("The application cannot be started with this environment.") from None
        instance = Instance(name, port, process, self._guard)
        await instance.attach(functools.partial(write, name))
        return instance

    def _free_port(self) -> int:
        """Return a free port of 127.0.0.1 that was not handed out recently."""
        for _ in range(1000):
            port = random.choice(PORTS)  # noqa: S311 -- no secret
            if port in self._recent:
                continue
            if _is_free(port):
                self._recent = [*self._recent[-200:], port]
                return port
        raise Problem("No free port was found for an instance.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def program(command: Sequence[str], root: Path) -> list[str]:
    """Return the command for this machine: `python` is this interpreter, an absolute path is one in the image."""
    if not command:
        raise Problem("The image has neither an entrypoint nor a command, and the service has no start command.")
    first = command[0]
    if PurePosixPath(first).name in {"python", "python3"}:
        first = sys.executable
    elif first.startswith("/"):
        first = str(root / first.lstrip("/"))
    return [first, *command[1:]]


def working_directory(root: Path, directory: str) -> Path:
    """Return WorkingDir below the image's root. Raises Problem if it does not exist."""
    base = root.resolve()
    path = Path(os.path.normpath(base / directory.lstrip("/"))).resolve()
    if not path.is_relative_to(base) or not path.is_dir():
        raise Problem(f"The image's working directory {directory} is not in the image.")
    return path
