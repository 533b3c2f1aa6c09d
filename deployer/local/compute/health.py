"""Health checks with a service's own settings, over TCP or HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from deployer.local.compute.problem import Problem

LOOK = 0.02  # seconds between two looks at an instance that does not listen yet


class ProbedInstance(Protocol):
    """What a check needs of an instance."""

    @property
    def port(self) -> int: ...

    async def exits_within(self, seconds: float) -> bool:
        """Wait that long, or until the process has ended; return whether it has."""

    def ending(self) -> str:
        """Return how the process ended, as text."""

    def check(self) -> AbstractContextManager[None]:
        """Give the instance CPU meanwhile."""


@dataclass(frozen=True)
class HealthCheck:
    """The settings of a health check; interval and timeout in seconds. `agent` is its User-Agent.

    `hint` follows the error about a program that never listens.
    """

    protocol: str
    path: str
    interval: float
    timeout: float
    healthy_threshold: int
    unhealthy_threshold: int
    agent: str
    hint: str = ""

    def describe(self) -> str:
        return f"HTTP GET {self.path}" if self.protocol == "HTTP" else "TCP"


async def until_healthy(check: HealthCheck, instance: ProbedInstance, budget: float) -> None:
    """Wait for an instance that was just started.

    It has `budget` seconds to listen. From then on the checks come at the service's interval; Problem is raised
    after `unhealthy_threshold` failures in a row, and at once when the process ends.
    """
    await _until_listening(check, instance, budget)
    healthy = failed = 0
    while True:
        why = await probe(check, instance.port)
        healthy, failed = (0, failed + 1) if why else (healthy + 1, 0)
        if healthy >= check.healthy_threshold:
            return
        if failed >= check.unhealthy_threshold:
            raise Problem(f"Health check failed {failed} times in a row: {why}.")
        if await instance.exits_within(check.interval):
            raise Problem(f"The application stopped: {instance.ending()}.")


async def until_unhealthy(check: HealthCheck, instance: ProbedInstance) -> str:
    """Watch a running instance until it ends or fails `unhealthy_threshold` checks in a row; return the reason."""
    failed = 0
    while True:
        if await instance.exits_within(check.interval):
            return f"The application stopped: {instance.ending()}."
        with instance.check():
            why = await probe(check, instance.port)
        failed = failed + 1 if why else 0
        if failed >= check.unhealthy_threshold:
            return f"Health check failed {failed} times in a row: {why}."


async def _until_listening(check: HealthCheck, instance: ProbedInstance, budget: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + budget
    while not await _listens(instance.port):
        if loop.time() > end:
            why = f"The application did not listen on the port in the variable PORT within {budget:g} seconds."
            raise Problem(f"{why} {check.hint}".rstrip())
        if await instance.exits_within(LOOK):
            raise Problem(f"The application stopped before it listened: {instance.ending()}.")


async def _listens(port: int) -> bool:
    """Return whether a program listens. Most looks find none, which the system reports at once."""
    with socket.socket() as looking:
        looking.setblocking(False)
        match looking.connect_ex(("127.0.0.1", port)):
            case 0:
                return True
            case errno.ECONNREFUSED:
                return False
    return await _tcp(port, 1.0) is None


async def probe(check: HealthCheck, port: int) -> str | None:
    """Check once. Return None if healthy, else the reason."""
    if check.protocol == "HTTP":
        return await _http(check, port)
    return await _tcp(port, check.timeout)


async def _tcp(port: int, patience: float) -> str | None:
    try:
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except TimeoutError:
        return f"no connection within {patience:g} seconds"
    except OSError:
        return "the connection was refused"
    await _closed(writer)
    return None


async def _http(check: HealthCheck, port: int) -> str | None:
    """Send a GET request. Only status 200 is healthy."""
    path, patience = check.path, check.timeout
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {check.agent}\r\n"
                    "Accept: */*\r\nConnection: close\r\n\r\n".encode()
                )
                status = await reader.readline()
            finally:
                await _closed(writer)
    except TimeoutError:
        return f"{path} did not answer within {patience:g} seconds"
    except (OSError, ValueError):
        return f"{path} did not answer"
    parts = status.split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1."):
        return f"{path} gave no HTTP answer"
    return None if parts[1].strip() == b"200" else f"{path} answered {parts[1].decode(errors='replace').strip()[:3]}"


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
