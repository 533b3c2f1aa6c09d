"""How the service keeps its processor, on a platform that takes it away while no request is in flight.

docs/explanation/service.md describes it.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Any, Protocol

from sanic import Request, Sanic

from ansari_whatsapp.worker import Worker


class CpuState(Enum):
    """Whether the work of this instance gets processor time, as far as the instance knows."""

    IDLE_CPU = "idle_cpu"  # the platform leaves it to an idle instance
    HELD = "held"  # the last request to the service's own public address arrived
    UNHELD = "unheld"  # the last request to the service's own public address failed
    UNKNOWN = "unknown"  # the public address is not known yet, or was not used yet


class Cpu(Protocol):
    """Keeps the processor for the work of this instance, or brings the work to an instance that has it."""

    @property
    def state(self) -> CpuState:
        """Return whether the work gets processor time."""

    @property
    def may_lease(self) -> bool:
        """Return whether a webhook may lease the jobs that it stores."""

    def add_to(self, app: Sanic[Any, Any]) -> None:
        """Add a route, if there is one."""

    def learn(self, request: Request) -> None:
        """Learn the public address from a request whose sender was verified."""

    async def announce(self, names: Collection[str]) -> None:
        """See that the stored work of these users, by the inbox's own names, gets processor time.

        A webhook is answered after that. It takes a bounded time and raises nothing.
        """

    def start(self) -> None:
        """Start to lease jobs and to keep the processor."""

    async def stop(self) -> None:
        """Hand over what is left and end all requests; to be called after the worker has drained."""


class IdleCpu:
    """See Cpu: the platform leaves an idle instance its processor."""

    state = CpuState.IDLE_CPU
    may_lease = True

    def __init__(self, worker: Worker) -> None:
        self.start = worker.start

    def add_to(self, app: Sanic[Any, Any]) -> None:
        """Add nothing."""

    def learn(self, request: Request) -> None:
        """Learn nothing."""

    async def announce(self, names: Collection[str]) -> None:
        """Announce nothing: every instance reads the inbox."""

    async def stop(self) -> None:
        """Stop nothing."""
