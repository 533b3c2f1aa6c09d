"""From the inbox to the user: one message per user at a time, in order, each answer stored before it is sent."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from ansari_whatsapp.backend import BackendError
from ansari_whatsapp.conversation import Conversation
from ansari_whatsapp.graph import Graph, GraphError, Reaction
from ansari_whatsapp.inbox import Inbox, Job, State
from ansari_whatsapp.telemetry import log, who

IDLE = 0.5  # seconds between two looks at the inbox when nothing wakes the worker


@dataclass(frozen=True)
class Clocks:
    """Seconds, and how often. `pause` is how long all sending waits when the token or account needs mending."""

    lease: float = 180.0
    first_retry: float = 1.0
    longest_retry: float = 60.0
    pause: float = 30.0
    tries: int = 6
    drain: float = 25.0
    at_once: int = 200


class Worker:
    """Owns its tasks: Sanic would cancel its own at the very start of a shutdown."""

    def __init__(self, inbox: Inbox, conversation: Conversation, graph: Graph, clocks: Clocks) -> None:
        self._inbox = inbox
        self._conversation = conversation
        self._graph = graph
        self._clocks = clocks
        self._wake = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self.draining = False

    def start(self) -> None:
        """Begin to lease jobs."""
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def drain(self) -> int:
        """Finish what is under way, within the deadline; returns how many jobs were left unfinished."""
        self.draining = True
        end = time.monotonic() + self._clocks.drain
        while time.monotonic() < end and (self._jobs or await self._inbox.waiting()):
            self.wake()
            await asyncio.sleep(0.02)
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        for task in self._jobs:
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        return await self._inbox.waiting()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            while len(self._jobs) < self._clocks.at_once:
                now = time.time()
                job = await self._inbox.lease(now, now + self._clocks.lease)
                if job is None:
                    break
                task = asyncio.create_task(self._work(job))
                self._jobs.add(task)
                task.add_done_callback(self._done)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a job ended unexpectedly", exc_info=error)

    async def _work(self, job: Job) -> None:
        try:
            job = await self._answered(job)
            await self._send(job)
        except BackendError as error:
            await self._later(job, error.again, str(error))
        except GraphError as error:
            await self._later(job, error.reaction is not Reaction.DROP, str(error), error.reaction)
        except Exception:  # one broken message must not stop the others  # noqa: BLE001
            log.exception("a message could not be answered", extra={"user": who(job.message.user)})
            await self._inbox.finish(job.message.wamid, State.FAILED)

    async def _answered(self, job: Job) -> Job:
        """The job with its answer stored."""
        if job.state is State.ANSWERED:
            return job
        await self._inbox.save(replace(job, state=State.PROCESSING))
        begin = time.monotonic()
        parts = await self._conversation.answer(job.message)
        job = replace(job, state=State.ANSWERED, parts=parts)
        await self._inbox.save(job)
        seconds = round(time.monotonic() - begin, 3)
        log.info("answered", extra={"user": who(job.message.user), "parts": len(parts), "seconds": seconds})
        return job

    async def _send(self, job: Job) -> None:
        name = hashlib.sha256(job.message.wamid.encode()).hexdigest()[:16]
        while job.sent < len(job.parts):
            try:
                await self._graph.send_text(job.message.user, job.parts[job.sent], f"{name}:{job.sent + 1}")
            except GraphError:
                await self._inbox.save(job)
                raise
            job = replace(job, sent=job.sent + 1)
            await self._inbox.save(job)
            await self._inbox.extend(job.message.wamid, time.time() + self._clocks.lease)
        await self._inbox.finish(job.message.wamid, State.DONE)

    async def _later(self, job: Job, again: bool, cause: str, reaction: Reaction | None = None) -> None:
        """Give the job back with a pause, or end it; the answer that was stored stays with it."""
        extra = {"user": who(job.message.user), "cause": cause, "tries": job.tries + 1}
        if again and (reaction is Reaction.PAUSE or job.tries + 1 < self._clocks.tries):
            log.warning("will be tried again", extra=extra)
            await self._inbox.retry(job, time.time() + self._pause(job, reaction))
            return
        log.error("given up", extra=extra)
        if job.state is not State.ANSWERED:
            with suppress(GraphError):
                for text in self._conversation.apology(job.message):
                    await self._graph.send_text(job.message.user, text, "apology:1")
        await self._inbox.finish(job.message.wamid, State.FAILED)

    def _pause(self, job: Job, reaction: Reaction | None) -> float:
        if reaction is Reaction.PAUSE:
            return self._clocks.pause
        base = 4.0 if reaction is Reaction.USER else 2.0  # Meta asks for 4^n seconds between messages of one pair
        return min(self._clocks.first_retry * base**job.tries, self._clocks.longest_retry)
