"""From the inbox to the user: one message per user at a time, in order, each answer stored before it is sent."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from ansari_whatsapp.conversation import Conversation, Unanswered
from ansari_whatsapp.graph import Graph, GraphError, Reaction, reaction_to
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job, State
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.telemetry import log, who
from ansari_whatsapp.webhook import Status


@dataclass(frozen=True)
class Clocks:
    """Seconds, and how often.

    `idle` lies between two looks at the inbox when nothing wakes the worker; `pause` is how long no job is begun when
    the token or the account has to be mended; `confirm` is how long a status may take that settles whether a part
    arrived whose sending timed out.
    """

    lease: float = 60.0
    first_retry: float = 1.0
    longest_retry: float = 64.0
    pause: float = 30.0
    tries: int = 6
    drain: float = 25.0
    at_once: int = 200
    idle: float = 0.5
    confirm: float = 10.0

    @classmethod
    def of(cls, settings: Settings) -> Clocks:
        """As the environment says."""
        return cls(
            lease=settings.lease_seconds,
            first_retry=settings.first_retry_seconds,
            pause=settings.pause_seconds,
            tries=settings.tries,
            drain=settings.drain_seconds,
            at_once=settings.answers_at_once,
            confirm=settings.confirm_seconds,
        )


class Worker:
    """Owns its tasks: Sanic would cancel its own at the very start of a shutdown."""

    def __init__(
        self, inbox: Inbox, conversation: Conversation, graph: Graph, clocks: Clocks, metrics: Metrics | None = None
    ) -> None:
        self._metrics = metrics or Metrics()
        self._inbox = inbox
        self._conversation = conversation
        self._graph = graph
        self._clocks = clocks
        self._wake = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._under_way: set[str] = set()  # wamids
        self._paused_until = 0.0
        self._unsure: dict[str, asyncio.Future[Status]] = {}  # by tag: parts that may have arrived
        self.draining = False

    @property
    def paused(self) -> bool:
        """Whether no job is begun because the token or the account has to be mended."""
        return time.monotonic() < self._paused_until

    def start(self) -> None:
        """Begin to lease jobs."""
        self._loop = asyncio.create_task(self._run())

    @property
    def under_way(self) -> int:
        """How many messages are being answered."""
        return len(self._jobs)

    def confirm(self, status: Status) -> None:
        """Meta says what became of a part."""
        waiting = self._unsure.get(status.tag or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(status)

    def wake(self) -> None:
        """There may be something to do. A worker that is full looks when it has room."""
        if len(self._jobs) < self._clocks.at_once:
            self._wake.set()

    async def drain(self) -> int:
        """Finish what was accepted, within the deadline; returns how many jobs were left unfinished."""
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
        """Lease what is due, as far as there is room."""
        while len(self._jobs) < self._clocks.at_once and not self.paused:
            now = time.time()
            job = await self._inbox.lease(now, now + self._clocks.lease)
            if job is None:
                return
            if job.message.wamid in self._under_way:  # its lease ran out while nobody could extend it
                continue
            self._under_way.add(job.message.wamid)
            task = asyncio.create_task(self._work(job))
            self._jobs.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        self.wake()
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, InboxUnavailable):
            log.error("a job waits for the inbox", extra={"cause": str(error)})
        elif isinstance(error, KeyError):
            log.warning("a job went to another process")
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
            await self._send(job)
        finally:
            lease.cancel()
            await asyncio.gather(lease, return_exceptions=True)
            self._under_way.discard(job.message.wamid)

    async def _keep_lease(self, wamid: str) -> None:
        """However long an answer takes, nobody else may begin it meanwhile: the model would be asked twice."""
        while True:
            await asyncio.sleep(self._clocks.lease / 3)
            with suppress(InboxUnavailable, KeyError):
                await self._inbox.extend(wamid, time.time() + self._clocks.lease)

    async def _answered(self, job: Job) -> Job | None:
        """The job with its answer, or an apology, stored; None when it was given back to be tried later."""
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
                await self._again(job, base=2.0)
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

    async def _send(self, job: Job) -> None:
        name = hashlib.sha256(job.message.wamid.encode()).hexdigest()[:16]
        while job.sent < len(job.parts):
            try:
                await self._send_part(job, f"{name}:{job.sent + 1}")
            except GraphError as error:
                await self._unsent(job, error)
                return
            self._metrics.sent.inc()
            job = replace(job, sent=job.sent + 1, tries=0)
            await self._inbox.save(job)
        self._metrics.answers["failed" if job.failed else "done"].inc()
        await self._inbox.finish(job.message.wamid, State.FAILED if job.failed else State.DONE)

    async def _send_part(self, job: Job, tag: str) -> None:
        """Send the next part. When nobody knows whether it arrived, a status of it tells. Raises GraphError."""
        told = self._unsure[tag] = asyncio.get_running_loop().create_future()
        try:
            await self._graph.send_text(job.message.user, job.parts[job.sent], tag)
        except GraphError as error:
            if not error.unsure:
                raise
            try:
                async with asyncio.timeout(self._clocks.confirm):
                    status = await told
            except TimeoutError:
                raise error from None
            log.info("a status settled it", extra={"status": status.status, "code": status.code})
            if status.status == "failed":
                raise GraphError(reaction_to(status.code), status.code, "failed, says a status") from None
        finally:
            del self._unsure[tag]

    async def _unsent(self, job: Job, error: GraphError) -> None:
        """Do what Meta's error asks for; what has been sent stays sent."""
        extra = {"user": who(job.message.user), "cause": str(error), "sent": job.sent, "tries": job.tries + 1}
        self._metrics.send_errors[error.code].inc()
        if error.reaction is Reaction.PAUSE:
            self._paused_until = time.monotonic() + self._clocks.pause
            log.critical("nothing can be sent: mend the token or the account", extra=extra)
            await self._inbox.retry(job, time.time() + self._clocks.pause)
        elif error.reaction is Reaction.DROP or job.tries + 1 >= self._clocks.tries:
            log.error("given up", extra=extra)
            self._metrics.answers["given_up"].inc()
            await self._inbox.finish(job.message.wamid, State.FAILED)
        else:
            log.warning("will be sent again", extra=extra)
            # Source: Meta, "Error codes", 131056: 4^n seconds between messages of one pair.
            await self._again(job, base=4.0 if error.reaction is Reaction.USER else 2.0)

    async def _again(self, job: Job, base: float) -> None:
        pause = min(self._clocks.first_retry * base**job.tries, self._clocks.longest_retry)
        spread = random.uniform(1.0, 1.25)  # so that those who failed together do not come back together  # noqa: S311
        await self._inbox.retry(replace(job, tries=job.tries + 1), time.time() + pause * spread)
