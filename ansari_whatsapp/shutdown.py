"""End the work of a worker: stop its tasks, and give their jobs back or apologise for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ansari_whatsapp.conversation import Conversation
from ansari_whatsapp.delivery import Delivery
from ansari_whatsapp.graph import GraphError
from ansari_whatsapp.inbox import AGAIN, Inbox, InboxUnavailable, Job, LeaseLost, State
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.telemetry import log, who

SENDING_WITHIN: Final = 2.0  # seconds for a part that is being sent when the drain ends
HAND_OVER_WITHIN: Final = 1.0  # seconds to give back all leases at the end of a drain
APOLOGY_WITHIN: Final = 3.0  # seconds for all apologies at the end of a drain
APOLOGIES_AT_ONCE: Final = 50
A_LONG_TIME: Final = 86400.0  # seconds: no job waits longer for its next try


class Shutdown:
    """Ends what a drain could not finish.

    `lease_seconds` is the length of a lease. `confirm_seconds` is how long a job waits for the status of a part that
    may have been sent.
    """

    def __init__(
        self,
        inbox: Inbox,
        conversation: Conversation,
        delivery: Delivery,
        metrics: Metrics,
        *,
        lease_seconds: float,
        confirm_seconds: float,
    ) -> None:
        self._inbox = inbox
        self._conversation = conversation
        self._delivery = delivery
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._confirm_seconds = confirm_seconds

    async def stop(self, tasks: Mapping[asyncio.Task[None], Lease]) -> list[Lease]:
        """End the tasks; return the leases that they still held.

        A part that is being sent gets a moment. If that is not enough, nobody knows whether Meta took it.
        """
        for task, lease in tasks.items():
            lease.stopping = True
            if not lease.sending:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=SENDING_WITHIN)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        unfinished = [lease for lease in tasks.values() if lease.held]
        for lease in unfinished:
            lease.job = replace(lease.job, unsure=lease.job.unsure or lease.sending)
        return unfinished

    async def give_back(self, leases: Sequence[Lease]) -> None:
        """Give the leases back to an inbox that continues with their jobs.

        A job whose part was still being sent is due only after CONFIRM_SECONDS: by then Meta's status usually shows the
        next lessee whether the part was sent. Everything else is due at once. What the inbox does not take back in time
        is due when its lease ends.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_WITHIN):
                await asyncio.gather(*map(self._give_back, leases))

    async def apologise(self, unfinished: Sequence[Lease]) -> None:
        """Send an apology to the users of these jobs, and of all others in the inbox, as far as the time is enough.

        Not to a user whose answer may have been sent.
        """
        try:
            async with asyncio.timeout(APOLOGY_WITHIN):
                await self._apologise(unfinished)
        except (InboxUnavailable, TimeoutError) as error:
            log.error("not every user got an apology", extra={"cause": type(error).__name__})

    async def _give_back(self, lease: Lease) -> None:
        with suppress(InboxUnavailable, LeaseLost):
            if lease.sending:
                await lease.retry(lease.job, time.time() + self._confirm_seconds)
            else:
                await lease.give_back()

    async def _apologise(self, unfinished: Sequence[Lease]) -> None:
        leases = unfinished or await self._lease_all()
        while leases:
            ended = await asyncio.gather(*map(self._apologise_for, leases), return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):
                    log.error("a user got no apology", extra={"cause": type(error).__name__})
            leases = await self._lease_all()

    async def _lease_all(self) -> list[Lease]:
        """Lease jobs, also those that wait for their next try. No job twice: each lease ends later than any is due."""
        leases: list[Lease] = []
        while len(leases) < APOLOGIES_AT_ONCE:
            due = time.time() + A_LONG_TIME
            job = await self._inbox.lease(due, due + A_LONG_TIME)
            if job is None:
                break
            leases.append(Lease(self._inbox, job, self._lease_seconds, due + A_LONG_TIME))
        return leases

    async def _apologise_for(self, lease: Lease) -> None:
        job: Job | None = lease.job
        while job is not None:
            if job.in_doubt:
                log.warning("an answer may have been sent", extra={"user": who(job.message.user), "sent": job.sent})
            elif not job.withdrawn and job.message.kind != AGAIN:
                reply = self._conversation.notice(job, Notice.STOPPED)
                for text in reply.parts or ():
                    with suppress(GraphError):
                        await self._delivery.tell(job, text)
                job = replace(job, profile=reply.profile)
            self._metrics.answers["stopped"].inc()
            job = await lease.finish(job, State.FAILED)
