"""Report whether messages can be accepted and answered now, and the reasons if not.

The report is public: it holds reasons from a fixed list and numbers, never a text, an address or a token.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from ansari_whatsapp.backend import Backend
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.cpu import Cpu, CpuState
from ansari_whatsapp.graph import Graph
from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.worker import Worker

INBOX: Final = "inbox"  # it cannot be read or written
INBOX_FULL: Final = "inbox_full"
CPU: Final = "cpu"  # messages wait, and no request to the service's own public address arrives
STOPPING: Final = "stopping"
INBOX_WITHIN: Final = 2.0  # seconds
CHECK_SPACING: Final = 1.0  # seconds between two checks of the same upstream service, and of the inbox's numbers
HOUR: Final = 3600.0
# Meta counts the calls of an application per hour (Graph API, "Rate limits"): checks must not use them up.
META_CHECKS_PER_HOUR: Final = 60


@dataclass(frozen=True)
class Report:
    """The reasons why messages cannot be served now, and how many wait or were given up.

    Numbers are None while the inbox cannot be read; `oldest_seconds` is also None when nothing waits. `cpu` is the
    value of a CpuState: whether the work of this instance gets processor time.
    """

    reasons: tuple[str, ...]
    waiting: int | None
    given_up: int | None
    oldest_seconds: float | None
    cpu: str


class Check:
    """A check of an upstream service with a cached result, so that callers cannot make us call it often.

    `ask` returns the reason why the service cannot be used, "" if it can. After `per_hour` checks within an hour, the
    last result is reported until the oldest of them is an hour old.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[str]],
        per_hour: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._per_hour = per_hour
        self._asked: deque[float] = deque(maxlen=per_hour or 1)
        self._reason = ""
        self._lock = asyncio.Lock()

    async def reason(self) -> str:
        """The result of a new check, or of the last one."""
        async with self._lock:
            if self._due():
                self._asked.append(self._clock())
                self._reason = await self._ask()
            return self._reason

    def _due(self) -> bool:
        now = self._clock()
        if self._asked and now - self._asked[-1] < CHECK_SPACING:
            return False
        full = self._per_hour is not None and len(self._asked) == self._per_hour
        return not full or now - self._asked[0] >= HOUR


class Counts(NamedTuple):
    """The numbers of the inbox: unfinished jobs, dead letters, and about when the oldest unfinished job was stored."""

    waiting: int
    given_up: int
    oldest: float | None


class Counting:
    """Counts what is in the inbox, at most once in CHECK_SPACING. A failure is not kept."""

    def __init__(self, inbox: Inbox, clock: Callable[[], float] = time.monotonic) -> None:
        self._inbox = inbox
        self._clock = clock
        self._counted = -math.inf
        self._counts: Counts | None = None
        self._lock = asyncio.Lock()

    async def counts(self) -> Counts | None:
        """Return the numbers; None if the inbox cannot be read."""
        async with self._lock:
            if self._counts is None or self._clock() - self._counted >= CHECK_SPACING:
                self._counts = await self._read()
                self._counted = self._clock()
            return self._counts

    async def _read(self) -> Counts | None:
        inbox = self._inbox
        try:
            async with asyncio.timeout(INBOX_WITHIN):
                return Counts(await inbox.waiting(), await inbox.given_up(), await inbox.oldest())
        except (InboxUnavailable, TimeoutError):
            return None


class Readiness:
    """Collects the report of one instance."""

    def __init__(
        self, inbox: Inbox, capacity: int, worker: Worker, cpu: Cpu, circuit: Circuit, backend: Backend, graph: Graph
    ) -> None:
        self._inbox = inbox
        self._capacity = capacity
        self._counting = Counting(inbox)
        self._worker = worker
        self._cpu = cpu
        self._circuit = circuit
        self._backend = backend
        self._backend_check = Check(backend.check)
        self._meta_check = Check(graph.check, META_CHECKS_PER_HOUR)

    async def report(self) -> Report:
        """Check the inbox, Meta and ansari-backend at the same time."""
        counts, meta, backend = await asyncio.gather(
            self._counting.counts(), self._meta_check.reason(), self._backend_check.reason()
        )
        reasons = (
            INBOX if self._inbox.problem or counts is None else "",
            INBOX_FULL if counts is not None and counts.waiting >= self._capacity else "",
            self._circuit.refused or meta,
            self._backend.refused or backend,
            CPU if self._cpu.state is CpuState.UNHELD and counts is not None and counts.waiting else "",
            STOPPING if self._worker.draining else "",
        )
        given = tuple(reason for reason in reasons if reason)
        if counts is None:
            return Report(given, None, None, None, self._cpu.state.value)
        age = None if counts.oldest is None else round(max(0.0, time.time() - counts.oldest), 1)
        return Report(given, counts.waiting, counts.given_up, age, self._cpu.state.value)
