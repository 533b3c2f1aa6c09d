"""The requests that an instance holds open: while one is in flight, it has its processor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ansari_whatsapp.work_order import HOLD

BEGIN_WITHIN: Final = 10.0  # seconds of a held request in which jobs are begun that nobody named
HELD_AT_MOST: Final = 40  # requests: a platform may refuse webhooks above a number of requests in flight


@dataclass(eq=False)
class HeldRequest:
    """A request that this instance holds. `tasks` answer the jobs that came with it; more may come while `leasing`."""

    begun: float
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    leasing: bool = True
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def done(self) -> bool:
        """Return whether all of its jobs are answered."""
        return not self.leasing and all(task.done() for task in self.tasks)

    async def wait(self) -> None:
        """Return when the request is over, or after HOLD."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD):
                await self.over.wait()


class HeldRequests:
    """All requests that this instance holds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: list[HeldRequest] = []  # oldest first

    def __len__(self) -> int:
        return len(self._held)

    @property
    def left(self) -> float:
        """Return the seconds until the last of them ends; 0 if none is held."""
        return self._held[-1].begun + HOLD - self._clock() if self._held else 0.0

    @property
    def may_begin(self) -> bool:
        """Return whether the last of them has enough time left to begin jobs that nobody named."""
        return bool(self._held) and self._clock() - self._held[-1].begun < BEGIN_WITHIN

    def add(self) -> HeldRequest:
        """Begin to hold a request."""
        held = HeldRequest(self._clock())
        self._held.append(held)
        return held

    def remove(self, held: HeldRequest) -> None:
        """Note that a request has ended."""
        self._held.remove(held)

    def end(self, *, wanted: bool) -> None:
        """End those whose jobs are answered, the last of them only if it is not `wanted`; and those above the limit."""
        for number, held in enumerate(reversed(self._held)):
            if number >= HELD_AT_MOST or (held.done and (number > 0 or not wanted)):
                held.over.set()

    def end_all(self) -> None:
        """End all of them, at the end of the process."""
        for held in self._held:
            held.over.set()
