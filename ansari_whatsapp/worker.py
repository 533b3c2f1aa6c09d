"""Answer the inbox's messages: one per user at a time, in order, each answer stored before it is sent."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

from ansari_whatsapp.answering import Answering
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.conversation import Conversation
from ansari_whatsapp.delivery import Delivery
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job, LeaseLost, State
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.shutdown import Shutdown
from ansari_whatsapp.telemetry import log, who

LEASE_WITHIN: Final = 1.0  # seconds for a call that leases a job when the leasing ends


class Leasing(Protocol):
    """Decides when the worker leases jobs, on a platform where not every moment is good for that."""

    async def begin(self) -> None:
        """Lease due jobs, if jobs may be begun now; called when a read of the inbox is due."""

    def ended(self, job: Job, again: float | None) -> None:
        """Note that a task ended. `again` is when its job is due again; None if nothing is left of it here."""


@dataclass(eq=False)
class _Running:
    """A task, and the lease of the job that it is working on."""

    lease: Lease
    task: asyncio.Task[None]


class Worker:
    """Leases and answers messages in tasks of its own: Sanic would cancel its tasks at the start of a shutdown.

    `survives` means that the messages of an inbox that is not shared outlive this instance: the next process answers
    what this one cannot finish.
    """

    def __init__(
        self,
        inbox: Inbox,
        conversation: Conversation,
        delivery: Delivery,
        circuit: Circuit,
        clocks: Clocks,
        metrics: Metrics,
        *,
        survives: bool = True,
    ) -> None:
        self._inbox = inbox
        self._answering = Answering(conversation, clocks, metrics)
        self._delivery = delivery
        self._circuit = circuit
        self._clocks = clocks
        self._metrics = metrics
        self._survives = survives
        self._shutdown = Shutdown(
            inbox, conversation, delivery, metrics, lease_seconds=clocks.lease, confirm_seconds=clocks.confirm
        )
        self._wake = asyncio.Event()
        self._busy, self._idle = asyncio.Event(), asyncio.Event()
        self._running: set[_Running] = set()
        self._suspect: Lease | None = None  # of the job that may end this process
        self._reserved = 0  # places for jobs that a webhook may lease
        self._loop: asyncio.Task[None] | None = None
        self._ending = False  # no more jobs are leased
        self._leasing: Leasing | None = None
        self.draining = False

    def start(self, leasing: Leasing | None = None) -> None:
        """Start to lease jobs whenever some are due, or when `leasing` lets it."""
        self._leasing = leasing
        self._loop = asyncio.create_task(self._run())

    @property
    def under_way(self) -> int:
        """Return how many messages are being answered."""
        return len(self._running)

    async def busy(self) -> None:
        """Wait until a message is being answered."""
        await self._busy.wait()

    async def idle(self) -> None:
        """Wait until no message is being answered."""
        await self._idle.wait()

    def look(self) -> None:
        """Read the inbox now, or leave that to the `Leasing` that was given."""
        self._wake.set()

    def wake(self) -> None:
        """Check the inbox now, after a message came. A worker at its limit checks when a message is finished.

        A message in a shared inbox is leased when it comes, or by the instance that has its user's lease.
        """
        if self._free > 0 and not self._inbox.shared:
            self._wake.set()

    @contextmanager
    def room(self, wanted: int) -> Iterator[int]:
        """Keep places free for up to `wanted` jobs that are leased outside of the worker, and yield their number.

        It is 0 while no job may be begun.
        """
        room = max(0, min(wanted, self._free)) if not self.draining and self._may_begin else 0
        self._reserved += room
        try:
            yield room
        finally:
            self._reserved -= room

    def lease_until(self, now: float) -> float:
        """Return when a lease that begins now ends; both in unix seconds."""
        return now + self._clocks.lease

    def take(self, job: Job, until: float) -> asyncio.Task[None]:
        """Start to answer a job that was leased until `until`, in unix seconds; return the task that answers it.

        An earlier task with the same job, whose lease has ended, is cancelled first.
        """
        lease = Lease(self._inbox, job, self._clocks.lease, until)
        running = _Running(lease, asyncio.create_task(self._work(lease, self._earlier(job))))
        self._running.add(running)
        self._busy.set()
        self._idle.clear()
        running.task.add_done_callback(lambda _: self._done(running))
        return running.task

    async def drain(self) -> int:
        """Finish the messages under way, within the deadline; return how many stayed unfinished.

        A shared inbox gets back what is not finished, and another instance continues. Of an inbox of this instance
        alone everything that waits is finished, if the time is enough; the rest is left to the next process, or gets an
        apology if there will be none.
        """
        self.draining = True
        end = time.monotonic() + self._clocks.drain
        if self._inbox.shared:
            await self._stop_leasing()
            while self._running and (left := end - time.monotonic()) > 0:
                await asyncio.wait([each.task for each in self._running], timeout=left)
        else:
            while time.monotonic() < end and (self._running or await self._waiting()):
                self.wake()
                await asyncio.sleep(0.02)
            await self._stop_leasing()
        unfinished = await self._shutdown.stop({each.task: each.lease for each in self._running})
        if self._inbox.shared or self._survives:
            await self._shutdown.give_back(unfinished)
        if self._leasing is not None:
            for lease in unfinished:
                self._leasing.ended(lease.job, lease.again or lease.until)
        if self._inbox.shared:
            return len(unfinished)
        if not self._survives and not self._circuit.left:
            await self._shutdown.apologise(unfinished)
        return await self._waiting()

    @property
    def _free(self) -> int:
        return self._clocks.at_once - len(self._running) - self._reserved

    @property
    def _may_begin(self) -> bool:
        """Return whether a leased job may be begun; otherwise it is given back."""
        return not self._circuit.paused and not (self.draining and self._inbox.shared)

    def _earlier(self, job: Job) -> _Running | None:
        """Return the task that had this job until its lease ended, if there is one."""
        if not job.deaths:
            return None
        wamid = job.message.wamid
        return next((each for each in self._running if each.lease.job.message.wamid == wamid), None)

    async def _waiting(self) -> int:
        try:
            return await self._inbox.waiting()
        except InboxUnavailable:
            return 0

    async def _run(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                await (self.begin() if self._leasing is None else self._leasing.begin())
            except InboxUnavailable as error:  # it is read again
                log.error("the inbox cannot be used", extra={"cause": str(error)})
            except Exception:  # this loop must not end, whatever is met  # noqa: BLE001
                log.exception("the inbox could not be read")
            with suppress(TimeoutError):  # not wait_for: it can swallow the cancellation that ends this loop
                async with asyncio.timeout(self._poll()):
                    await self._wake.wait()

    def _poll(self) -> float:
        spread = random.uniform(0.7, 1.0) if self._inbox.shared else 1.0  # noqa: S311 -- so that not all read at once
        return self._inbox.poll * spread

    async def begin(self) -> None:
        """Lease due jobs, up to the limit."""
        while self._free > 0 and self._may_begin and not self._ending:
            now = time.time()
            until = self.lease_until(now)
            job = await self._inbox.lease(now, until)
            if job is None:
                return
            self.take(job, until)

    def _done(self, running: _Running) -> None:
        full = self._free <= 0
        self._running.discard(running)
        if not self._running:
            self._busy.clear()
            self._idle.set()
        if full or not self._inbox.shared:
            self._wake.set()
        error = None if running.task.cancelled() else running.task.exception()
        if self._leasing is not None:
            lease = running.lease
            lapses = error is not None and not isinstance(error, LeaseLost)
            self._leasing.ended(lease.job, lease.until if lapses else lease.again)
        if error is None:
            return
        if isinstance(error, InboxUnavailable):
            log.error("a job waits for the inbox", extra={"cause": str(error)})
        elif isinstance(error, LeaseLost):
            log.warning("a job was leased by another process")
        else:
            log.error("a job ended unexpectedly", exc_info=error)

    async def _work(self, lease: Lease, earlier: _Running | None) -> None:
        """Answer the job, and the user's next jobs as far as they are leased in the same step."""
        if earlier is not None:
            earlier.lease.held = False
            earlier.task.cancel()
            await asyncio.wait([earlier.task])
        keeper = asyncio.create_task(lease.keep())
        work = asyncio.current_task()
        assert work is not None
        keeper.add_done_callback(lambda _: None if keeper.cancelled() else _stop(lease, work))
        try:
            job: Job | None = lease.job
            while job is not None and not lease.stopping:
                if not self._may_begin:
                    await lease.give_back()
                    lease.again = time.time() + self._circuit.left
                    return
                job = await self._answer(lease)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _answer(self, lease: Lease) -> Job | None:
        """Answer the job; return the user's next job if it was leased in the same step."""
        job = lease.job
        if job.deaths >= self._clocks.deaths:
            log.error("given up", extra={"user": who(job.message.user), "cause": "its processes died", "n": job.deaths})
            self._metrics.answers["given_up"].inc()
            return await lease.finish(job, State.FAILED)
        if job.deaths < self._clocks.suspect:
            return await self._answer_now(lease)
        if self._suspect is not None:
            await lease.give_back(time.time() + self._clocks.suspect_pause)
            return None
        self._suspect = lease
        try:
            return await self._answer_now(lease)
        finally:
            self._suspect = None

    async def _answer_now(self, lease: Lease) -> Job | None:
        """Answer the job, whatever became of the processes that tried before."""
        job = lease.job
        resumed = job.state is State.ANSWERED
        if not job.withdrawn and not resumed:
            answered = await self._answering.answer(lease)
            if answered is None:
                return None
            job = answered
        if job.withdrawn:
            self._metrics.answers["withdrawn"].inc()
            return await lease.finish(job, State.DONE)
        return await self._delivery.deliver(lease, resumed=resumed)

    async def _stop_leasing(self) -> None:
        """End the loop. A job whose lease is just being granted is not lost: the call is waited for."""
        self._ending = True
        self._wake.set()
        if self._loop is not None:
            await asyncio.wait([self._loop], timeout=LEASE_WITHIN)
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)


def _stop(lease: Lease, work: asyncio.Task[None]) -> None:
    lease.held = False
    log.warning("a job was leased by another process")
    work.cancel()
