"""The lease of the job that a task is working on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job, LeaseLost, State
from ansari_whatsapp.telemetry import log


class Lease:
    """Stores the progress of a leased job, and keeps the lease while it is being answered.

    `job` is the job as it was stored last. When `finish` returns the user's next job, the lease continues with it, and
    is taken to end when the one before would have ended. `seconds` is the length of an extension, `until` the end
    of the lease in unix seconds.

    A process that was stopped for a while does not notice the end of its lease by itself, and a wall clock may be set:
    the lease counts as ended when either of two clocks has passed its end.
    """

    def __init__(
        self,
        inbox: Inbox,
        job: Job,
        seconds: float,
        until: float,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._seconds = seconds
        self._clock = clock
        self._monotonic = monotonic
        self.job = job
        self.held = True
        self.stopping = False  # no further part is to be sent
        self.sending = False  # Meta may have accepted a part that is not stored as sent
        self.again: float | None = None  # when the job is due again, if it was given back or has to wait
        self._extended_until(until)

    @property
    def left(self) -> float:
        """Return the seconds until the lease ends; negative after its end."""
        return min(self._until - self._clock(), self._end - self._monotonic())

    @property
    def until(self) -> float:
        """Return when the lease ends, in unix seconds."""
        return self._until

    async def keep(self) -> None:
        """Extend the lease whenever half of it is over. Returns when another lessee has the job."""
        while True:
            await asyncio.sleep(max(self.left - self._seconds / 2, self._seconds / 100))
            if not self.held or self.left > self._seconds / 2:
                continue
            job = self.job
            try:
                await self.extend()
            except InboxUnavailable as error:
                log.warning("a lease could not be extended", extra={"cause": str(error)})
                await asyncio.sleep(self._seconds / 10)
            except LeaseLost:
                if self.held and self.job.lease == job.lease:  # else the job was finished meanwhile
                    return

    async def ensure(self) -> None:
        """Extend the lease if it ends soon or has ended. Raises LeaseLost if another lessee has the job."""
        if self.left < self._seconds / 3:
            await self.extend()

    async def extend(self) -> None:
        """Extend the lease now."""
        until = self._clock() + self._seconds
        await self._inbox.extend(self.job, until)
        self._extended_until(until)

    async def save(self, job: Job) -> None:
        """Store the progress. Raises Changed as the inbox does."""
        await self._inbox.save(job)
        self.job = job

    async def retry(self, job: Job, at: float) -> None:
        """Store the progress and return the lease until `at`."""
        self.held, self.again = False, at
        await self._inbox.retry(job, at)

    async def give_back(self, at: float = 0.0) -> None:
        """Return the lease: another lessee can have the job at once, or `at`, in unix seconds."""
        self.held, self.again = False, max(at, self._clock())
        await self._inbox.give_back(self.job, at)

    async def finish(self, job: Job, state: State) -> Job | None:
        """End the job; return the user's next job if it was leased in the same step."""
        self.held = False
        try:
            following = await self._inbox.finish(job, state)
        except asyncio.CancelledError:
            self.held = True  # nobody knows whether the end was stored
            raise
        if following is not None:
            self.job, self.held = following, True
        return following

    def _extended_until(self, until: float) -> None:
        self._until = until
        self._end = self._monotonic() + until - self._clock()
