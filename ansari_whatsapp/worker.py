"""Answer the inbox's messages: one per user at a time, in order, each answer stored before it is sent."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import replace

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.conversation import Conversation, Unanswered
from ansari_whatsapp.delivery import Delivery
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job, State
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.telemetry import log, who


class Worker:
    """Leases and answers messages in tasks of its own: Sanic would cancel its tasks at the start of a shutdown."""

    def __init__(
        self,
        inbox: Inbox,
        conversation: Conversation,
        delivery: Delivery,
        circuit: Circuit,
        clocks: Clocks,
        metrics: Metrics,
    ) -> None:
        self._inbox = inbox
        self._conversation = conversation
        self._delivery = delivery
        self._circuit = circuit
        self._clocks = clocks
        self._metrics = metrics
        self._wake = asyncio.Event()
        self._busy, self._idle = asyncio.Event(), asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._under_way: set[str] = set()  # wamids
        self.draining = False

    def start(self) -> None:
        """Start to lease jobs."""
        self._loop = asyncio.create_task(self._run())

    @property
    def under_way(self) -> int:
        """Return how many messages are being answered."""
        return len(self._jobs)

    async def busy(self) -> None:
        """Wait until a message is being answered."""
        await self._busy.wait()

    async def idle(self) -> None:
        """Wait until no message is being answered."""
        await self._idle.wait()

    def wake(self) -> None:
        """Check the inbox now. A worker at its limit checks when a message is finished."""
        if len(self._jobs) < self._clocks.at_once:
            self._wake.set()

    async def drain(self) -> int:
        """Finish the messages under way, within the deadline; return how many stayed unfinished."""
        self.draining = True
        end = time.monotonic() + self._clocks.drain
        while time.monotonic() < end and (self._jobs or await self._waiting()):
            self.wake()
            await asyncio.sleep(0.02)
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        for task in self._jobs:
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        return await self._waiting()

    async def _waiting(self) -> int:
        try:
            return await self._inbox.waiting()
        except InboxUnavailable:
            return 0

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._begin()
            except InboxUnavailable as error:  # it is read again
                log.error("the inbox cannot be used", extra={"cause": str(error)})
            except Exception:  # this loop must not end, whatever is met  # noqa: BLE001
                log.exception("the inbox could not be read")
            with suppress(TimeoutError):  # not wait_for: it can swallow the cancellation that ends this loop
                async with asyncio.timeout(self._clocks.idle):
                    await self._wake.wait()

    async def _begin(self) -> None:
        """Lease due jobs, up to the limit."""
        while len(self._jobs) < self._clocks.at_once and not self._circuit.paused:
            now = time.time()
            job = await self._inbox.lease(now, now + self._clocks.lease)
            if job is None:
                return
            if job.message.wamid in self._under_way:  # its lease ran out while nobody could extend it
                continue
            self._under_way.add(job.message.wamid)
            task = asyncio.create_task(self._work(job))
            self._jobs.add(task)
            self._busy.set()
            self._idle.clear()
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not self._jobs:
            self._busy.clear()
            self._idle.set()
        self.wake()
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, InboxUnavailable):
            log.error("a job waits for the inbox", extra={"cause": str(error)})
        elif isinstance(error, KeyError):
            log.warning("a job was leased by another process")
        else:
            log.error("a job ended unexpectedly", exc_info=error)

    async def _work(self, job: Job) -> None:
        lease = asyncio.create_task(self._keep_lease(job.message.wamid))
        try:
            if job.state is not State.ANSWERED:
                answered = await self._answered(job)
                if answered is None:
                    return
                job = answered
            await self._delivery.deliver(job)
        finally:
            lease.cancel()
            await asyncio.gather(lease, return_exceptions=True)
            self._under_way.discard(job.message.wamid)

    async def _keep_lease(self, wamid: str) -> None:
        """Extend the lease while an answer is being made, so that no other process asks the model a second time."""
        while True:
            await asyncio.sleep(self._clocks.lease / 3)
            with suppress(InboxUnavailable, KeyError):
                await self._inbox.extend(wamid, time.time() + self._clocks.lease)

    async def _answered(self, job: Job) -> Job | None:
        """Return the job with its answer or an apology stored; None if it was returned for a later try."""
        since = job.started if job.state is State.PROCESSING else None
        job = replace(job, state=State.PROCESSING, started=job.started or time.time())
        await self._inbox.save(job)
        begin = time.monotonic()
        extra: dict[str, object] = {"user": who(job.message.user)}
        try:
            parts, failed = await self._conversation.answer(job.message, since), False
        except Unanswered as error:
            extra |= {"cause": str(error), "tries": job.tries + 1}
            if error.again and job.tries + 1 < self._clocks.tries:
                log.warning("no answer yet", extra=extra)
                self._metrics.answers["tried_again"].inc()
                await self._again(job)
                return None
            log.error("no answer", extra=extra)
            parts, failed = self._conversation.notice(job.message, error.notice), True
        except Exception:  # one broken message must not stop the others  # noqa: BLE001
            log.exception("a message could not be answered", extra=extra)
            parts, failed = self._conversation.notice(job.message, Notice.UNEXPECTED), True
        job = replace(job, state=State.ANSWERED, parts=parts, failed=failed, tries=0)
        await self._inbox.save(job)
        seconds = round(time.monotonic() - begin, 3)
        self._metrics.answer_seconds.observe(seconds)
        log.info("answered", extra={"user": who(job.message.user), "parts": len(parts), "seconds": seconds})
        return job

    async def _again(self, job: Job) -> None:
        spread = random.uniform(1.0, 1.25)  # so that those who failed together do not come back together  # noqa: S311
        wait = self._clocks.wait(job.tries) * spread
        await self._inbox.retry(replace(job, tries=job.tries + 1), time.time() + wait)
