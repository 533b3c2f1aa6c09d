"""Send the parts of an answer, and react to Meta's errors and statuses."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.graph import Graph, GraphError, Reaction, reaction_to, refusal
from ansari_whatsapp.inbox import Inbox, Job, State, Tag
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.telemetry import log, who
from ansari_whatsapp.webhook import Status

AT_MOST: Final = 10_000  # messages of which is remembered when they failed
RESENDS: Final = 3  # of a part that Meta took and then did not deliver
POLL_OUTCOME: Final = 0.2  # seconds between two reads of the status of a part whose sending timed out
POLL_OUTCOME_SHARED: Final = 1.0  # where a read costs a call to another machine


class Delivery:
    """Delivers answers. A message is given up if its error is final, if it fails while others arrive, or if too old."""

    def __init__(self, inbox: Inbox, graph: Graph, circuit: Circuit, clocks: Clocks, metrics: Metrics) -> None:
        self._inbox = inbox
        self._graph = graph
        self._circuit = circuit
        self._clocks = clocks
        self._metrics = metrics
        self._failed: OrderedDict[str, float] = OrderedDict()  # wamid → when it last failed

    async def deliver(self, lease: Lease, *, resumed: bool = False) -> Job | None:
        """Send the parts that are not sent yet, and finish the job or return it for a later try.

        `resumed` means that the answer was stored before this lease: its next part may have been sent already. Returns
        the user's next job if it was leased in the same step.
        """
        job = lease.job
        while job.sent < len(job.parts):
            if lease.stopping:
                return None
            if self._circuit.left:
                await self._later(lease, job, self._circuit.left)
                return None
            await lease.ensure()
            try:
                arrived = await self._send(lease, job, resumed=resumed)
            except GraphError as error:
                lease.sending = False
                return await self._unsent(lease, job, error)
            if arrived:
                self._metrics.sent.inc()
                self._circuit.arrived()
            self._failed.pop(job.message.wamid, None)
            resumed = False
            job = replace(job, sent=job.sent + 1, tries=0, unsure=False, profile=replace(job.profile, held=0))
            if job.sent < len(job.parts):  # the last part is stored as sent with the end of the job
                await lease.save(job)
                lease.sending = False
        self._metrics.answers["failed" if job.failed else "done"].inc()
        following = await lease.finish(job, State.FAILED if job.failed else State.DONE)
        lease.sending = False
        return following

    async def tell(self, job: Job, text: str) -> None:
        """Send a text that is not part of a stored answer. Raises GraphError."""
        told = replace(job, parts=(*job.parts[: job.sent], text))
        await self._graph.send_text(job.message.user, text, self._inbox.tag(told, len(told.parts)))
        self._metrics.sent.inc()

    async def told(self, status: Status) -> None:
        """Handle a status of a part. A part that Meta accepted and did not deliver is sent once more.

        A status of a message that this service did not send is ignored: it shows nothing about our sending. Raises
        InboxUnavailable.
        """
        tag = Tag.parse(status.tag)
        if tag is None:
            return
        await self._inbox.settle(status)
        if status.status == "failed":
            await self._not_delivered(tag, status)

    async def _send(self, lease: Lease, job: Job, *, resumed: bool) -> bool:
        """Send the next part, unless a status shows that it was sent. Raises GraphError.

        If the outcome is unknown, wait for a status of it. Returns False if the part was sent, did not arrive, and was
        queued to be sent again.
        """
        before = await self._inbox.outcome(job) if resumed else None
        if before is not None and await self._is_settled(before, again=job.deaths > 0):
            return before.status != "failed"
        lease.sending = True
        try:
            await self._graph.send_text(job.message.user, job.parts[job.sent], self._inbox.tag(job, job.sent + 1))
        except GraphError as error:
            status = await self._confirmed(job, before) if error.unsure else None
            if status is None or not await self._is_settled(status):
                raise
            return status.status != "failed"
        return True

    async def _confirmed(self, job: Job, before: Status | None) -> Status | None:
        """Wait for a status of the part that may have been sent; `before` is one of an earlier sending."""
        end = time.monotonic() + self._clocks.confirm
        every = POLL_OUTCOME_SHARED if self._inbox.shared else POLL_OUTCOME
        while True:
            left = end - time.monotonic()
            status = await self._inbox.outcome(job)
            if (status is not None and status != before) or left <= 0:
                return status if status != before else None
            await asyncio.sleep(min(every, left))

    async def _is_settled(self, status: Status, *, again: bool = False) -> bool:
        """Return whether nothing is left to do for a part, according to its status.

        A part that failed for a passing reason is sent once more as a job of its own. If it cannot arrive, raises
        GraphError, or returns False with `again`: a process died after it had sent the part.
        """
        log.info("a status reported the outcome", extra={"status": status.status, "code": status.code})
        if status.status != "failed":
            return True
        reaction, tag = reaction_to(status.code), Tag.parse(status.tag)
        if tag is None or reaction is Reaction.DROP:
            if again:
                return False
            raise GraphError(reaction, status.code, "failed, according to a status")
        if tag.again < RESENDS:  # the webhook queues it too, here or on another instance: it is queued once
            await self._inbox.resend(tag, time.time() + self._clocks.wait(tag.again, base=4.0))
        return True

    async def _unsent(self, lease: Lease, job: Job, error: GraphError) -> Job | None:
        """React to the error; parts that were sent stay sent. Returns the user's next job if this one is given up."""
        wamid, job = job.message.wamid, replace(job, unsure=job.unsure or error.unsure)
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
            return await lease.finish(job, State.FAILED)
        if error.reaction is Reaction.USER:  # Meta, "Error codes", 131056: 4^n seconds
            wait = self._clocks.wait(job.profile.held, base=4.0)
            job = replace(job, profile=replace(job.profile, held=job.profile.held + 1))
        elif error.reaction is Reaction.RETRY and others_arrive:
            wait = self._clocks.wait(job.tries)
        else:
            wait = self._hold_all(error.reaction, error.code)
        log.warning("will be sent again", extra=extra | {"in": round(wait, 1)})
        await self._later(lease, job, wait)
        return None

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

    async def _later(self, lease: Lease, job: Job, seconds: float) -> None:
        spread = random.uniform(1.0, 1.25)  # so that those who failed together do not come back together  # noqa: S311
        await lease.retry(job, time.time() + seconds * spread)

    def _too_old(self, job: Job) -> bool:
        written = job.message.timestamp or job.started or time.time()
        return time.time() - written > self._clocks.deliver

    async def _not_delivered(self, tag: Tag, status: Status) -> None:
        """Queue a part again that Meta accepted and did not deliver, if it can arrive."""
        reaction = reaction_to(status.code)
        if reaction is Reaction.DROP:
            return
        wait = self._clocks.wait(tag.again, base=4.0)
        if reaction in {Reaction.SLOW, Reaction.BUSY, Reaction.PAUSE}:
            wait = max(wait, self._hold_all(reaction, status.code))
        if tag.again >= RESENDS:
            log.error("given up", extra={"cause": f"code {status.code}, according to a status"})
            self._metrics.answers["given_up"].inc()
        elif await self._inbox.resend(tag, time.time() + wait):
            log.warning("a part will be sent again", extra={"code": status.code, "in": round(wait, 1)})


def _remember(known: OrderedDict[str, float], name: str, value: float) -> None:
    """Insert the item as the newest; drop the oldest if there are too many."""
    known[name] = value
    known.move_to_end(name)
    while len(known) > AT_MOST:
        known.popitem(last=False)
