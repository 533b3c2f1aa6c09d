"""Send the parts of an answer, and react to Meta's errors and statuses."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Final, TypeVar

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.graph import Graph, GraphError, Reaction, reaction_to, refusal
from ansari_whatsapp.inbox import AGAIN, Inbox, Job, State
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.telemetry import log, who
from ansari_whatsapp.webhook import Status

AT_MOST: Final = 10_000  # messages and users of which is remembered how they failed
RESENDS: Final = 3  # of a part that Meta took and then did not deliver

T = TypeVar("T")


class Delivery:
    """Delivers answers. A message is given up if its error is final, if it fails while others arrive, or if too old."""

    def __init__(self, inbox: Inbox, graph: Graph, circuit: Circuit, clocks: Clocks, metrics: Metrics) -> None:
        self._inbox = inbox
        self._graph = graph
        self._circuit = circuit
        self._clocks = clocks
        self._metrics = metrics
        self._failed: OrderedDict[str, float] = OrderedDict()  # wamid → when it last failed
        self._held: OrderedDict[str, int] = OrderedDict()  # user → how often in a row Meta let them wait
        self._doubts: OrderedDict[str, asyncio.Future[Status]] = OrderedDict()  # tag → what became of the part

    async def deliver(self, job: Job) -> None:
        """Send the parts that are not sent yet, and finish the job or return it for a later try."""
        while job.sent < len(job.parts):
            if self._circuit.left:
                await self._later(job, self._circuit.left)
                return
            try:
                await self._send(job, f"{job.message.wamid}:{job.sent + 1}")
            except GraphError as error:
                await self._unsent(job, error)
                return
            self._metrics.sent.inc()
            self._circuit.arrived()
            self._failed.pop(job.message.wamid, None)
            self._held.pop(job.message.user, None)
            job = replace(job, sent=job.sent + 1, tries=0)
            await self._inbox.save(job)
        self._metrics.answers["failed" if job.failed else "done"].inc()
        await self._inbox.finish(job.message.wamid, State.FAILED if job.failed else State.DONE)

    async def told(self, status: Status) -> None:
        """Handle a status of a part. A part that Meta accepted and did not deliver is sent once more.

        Raises InboxUnavailable.
        """
        doubt = self._doubts.get(status.tag or "")
        if doubt is not None and not doubt.done():
            doubt.set_result(status)
        elif status.status == "failed":
            await self._resend(status)

    async def _send(self, job: Job, tag: str) -> None:
        """Send the next part. If the outcome is unknown, wait for a status of it. Raises GraphError."""
        doubt = self._doubts.get(tag)
        in_doubt = doubt is not None
        if doubt is None:
            doubt = _remember(self._doubts, tag, asyncio.get_running_loop().create_future())
        try:
            if not doubt.done():
                await self._graph.send_text(job.message.user, job.parts[job.sent], tag)
                in_doubt = False
        except GraphError as error:
            in_doubt |= error.unsure
            if error.unsure:
                await asyncio.wait([doubt], timeout=self._clocks.confirm)
            if not doubt.done():
                raise
        finally:
            if not in_doubt or doubt.done():
                self._doubts.pop(tag, None)
        if not doubt.done():
            return
        status = doubt.result()
        if in_doubt:
            log.info("a status reported the outcome", extra={"status": status.status, "code": status.code})
        if status.status == "failed":
            raise GraphError(reaction_to(status.code), status.code, "failed, according to a status")

    async def _unsent(self, job: Job, error: GraphError) -> None:
        """React to the error; parts that were sent stay sent."""
        wamid = job.message.wamid
        others_arrive = self._circuit.arrived_since(self._failed.get(wamid, math.inf))
        _remember(self._failed, wamid, time.monotonic())
        self._metrics.send_errors[error.code].inc()
        if others_arrive and error.reaction in {Reaction.RETRY, Reaction.PAUSE}:
            job = replace(job, tries=job.tries + 1)
        extra = {"user": who(job.message.user), "cause": str(error), "sent": job.sent, "tries": job.tries}
        if error.reaction is Reaction.DROP or job.tries >= self._clocks.tries or self._too_old(job):
            log.error("given up", extra=extra)
            self._metrics.answers["given_up"].inc()
            self._failed.pop(wamid, None)
            await self._inbox.finish(wamid, State.FAILED)
            return
        if error.reaction is Reaction.USER:
            wait = self._hold(job.message.user)
        elif error.reaction is Reaction.RETRY and others_arrive:
            wait = self._clocks.wait(job.tries)
        else:
            wait = self._hold_all(error.reaction, error.code)
        log.warning("will be sent again", extra=extra | {"in": round(wait, 1)})
        await self._later(job, wait)

    def _hold(self, user: str) -> float:
        """Return the seconds that this user's messages wait: 4^n (Meta, "Error codes", 131056)."""
        before = self._held.get(user, 0)
        _remember(self._held, user, before + 1)
        return self._clocks.wait(before, base=4.0)

    def _hold_all(self, reaction: Reaction, code: int | None) -> float:
        """Pause all sending if the error concerns all messages. Returns the seconds that this message waits."""
        if reaction is Reaction.SLOW:
            self._circuit.hold()
        elif reaction is Reaction.BUSY:
            self._circuit.hold_long()
            log.error("Meta limits the calls for a while", extra={"seconds": round(self._circuit.left)})
        elif reaction is Reaction.PAUSE:
            self._circuit.pause(refusal(code))
            log.critical("nothing can be sent: fix the token or the account", extra={"code": code})
        return max(self._circuit.failed(), self._circuit.left)

    async def _later(self, job: Job, seconds: float) -> None:
        spread = random.uniform(1.0, 1.25)  # so that those who failed together do not come back together  # noqa: S311
        await self._inbox.retry(job, time.time() + seconds * spread)

    def _too_old(self, job: Job) -> bool:
        written = job.message.timestamp or job.started or time.time()
        return time.time() - written > self._clocks.deliver

    async def _resend(self, status: Status) -> None:
        wamid, _, part = (status.tag or "").rpartition(":")
        reaction = reaction_to(status.code)
        if not wamid or not part.isdecimal() or reaction is Reaction.DROP:
            return
        before = wamid.count(f"{AGAIN}:")
        wait = self._clocks.wait(before, base=4.0)
        if reaction in {Reaction.SLOW, Reaction.BUSY, Reaction.PAUSE}:
            wait = max(wait, self._hold_all(reaction, status.code))
        if before >= RESENDS:
            log.error("given up", extra={"cause": f"code {status.code}, according to a status"})
            self._metrics.answers["given_up"].inc()
        elif await self._inbox.resend(wamid, int(part), time.time() + wait):
            log.warning("a part will be sent again", extra={"code": status.code, "in": round(wait, 1)})


def _remember(known: OrderedDict[str, T], name: str, value: T) -> T:
    """Insert the item as the newest; drop the oldest if there are too many."""
    known[name] = value
    known.move_to_end(name)
    while len(known) > AT_MOST:
        known.popitem(last=False)
    return value
