"""Report whether messages can be accepted and answered now, and the reasons if not.

The report is public: it holds reasons from a fixed list and numbers, never a text, an address or a token.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ansari_whatsapp.backend import Backend
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.graph import Graph
from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.worker import Worker

INBOX: Final = "inbox"  # it cannot be read or written
INBOX_FULL: Final = "inbox_full"
STOPPING: Final = "stopping"
INBOX_WITHIN: Final = 2.0  # seconds
CHECK_SPACING: Final = 1.0  # seconds between two checks of the same upstream service
HOUR: Final = 3600.0
# Meta counts the calls of an application per hour (Graph API, "Rate limits"): checks must not use them up.
META_CHECKS_PER_HOUR: Final = 60


@dataclass(frozen=True)
class Report:
    """The reasons why messages cannot be served now, and how many wait or were given up.

    Numbers are None while the inbox cannot be read; `oldest_seconds` is also None when nothing waits.
    """

    reasons: tuple[str, ...]
    waiting: int | None
    given_up: int | None
    oldest_seconds: float | None


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


class Readiness:
    """Collects the report of one instance."""

    def __init__(
        self, inbox: Inbox, capacity: int, worker: Worker, circuit: Circuit, backend: Backend, graph: Graph
    ) -> None:
        self._inbox = inbox
        self._capacity = capacity
        self._worker = worker
        self._circuit = circuit
        self._backend = backend
        self._backend_check = Check(backend.check)
        self._meta_check = Check(graph.check, META_CHECKS_PER_HOUR)

    async def report(self) -> Report:
        """Check the inbox, Meta and ansari-backend at the same time."""
        numbers, meta, backend = await asyncio.gather(
            self._numbers(), self._meta_check.reason(), self._backend_check.reason()
        )
        waiting, given_up, oldest = numbers
        unusable = bool(self._inbox.problem) or waiting is None
        reasons = (
            INBOX if unusable else "",
            INBOX_FULL if waiting is not None and waiting >= self._capacity else "",
            self._circuit.refused or meta,
            self._backend.refused or backend,
            STOPPING if self._worker.draining else "",
        )
        return Report(tuple(reason for reason in reasons if reason), waiting, given_up, oldest)

    async def _numbers(self) -> tuple[int | None, int | None, float | None]:
        try:
            async with asyncio.timeout(INBOX_WITHIN):
                waiting, given_up = await self._inbox.waiting(), await self._inbox.given_up()
                since = await self._inbox.oldest()
        except (InboxUnavailable, TimeoutError):
            return None, None, None
        return waiting, given_up, None if since is None else round(max(0.0, time.time() - since), 1)
