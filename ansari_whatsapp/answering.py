"""Make the answer to a leased job and store it, before anything of it is sent."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Final

from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.conversation import Conversation, Unanswered
from ansari_whatsapp.inbox import Changed, InboxUnavailable, Job, LeaseLost, State
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.telemetry import log, who

CHANGES_AT_MOST: Final = 5  # of a message while it is being answered; each one asks the backend again


class Answering:
    """Asks for answers and stores them."""

    def __init__(self, conversation: Conversation, clocks: Clocks, metrics: Metrics) -> None:
        self._conversation = conversation
        self._clocks = clocks
        self._metrics = metrics

    async def answer(self, lease: Lease) -> Job | None:
        """Return the job with its stored answer or apology; None if it was returned for a later try.

        A message that its writer changes meanwhile is answered as it was changed last. After CHANGES_AT_MOST changes
        the answer stays the one to the last text that was asked. A job whose message was withdrawn is returned without
        an answer.
        """
        begin, changes = time.monotonic(), 0
        while True:
            answered = await self._made(lease)
            if answered is None:
                return None
            changed = await self._changed(lease, answered)
            changes += 1
            while changed is not None and not changed.withdrawn and changes > CHANGES_AT_MOST:
                log.warning("a message changes too often", extra={"user": who(changed.message.user)})
                changed = await self._changed(lease, _answered(changed, answered))
            if changed is None:
                break
            lease.job = replace(changed, profile=answered.profile)
            if changed.withdrawn:
                return lease.job
        seconds = round(time.monotonic() - begin, 3)
        self._metrics.answer_seconds.observe(seconds)
        parts = len(lease.job.parts)
        log.info("answered", extra={"user": who(lease.job.message.user), "parts": parts, "seconds": seconds})
        return lease.job

    async def _changed(self, lease: Lease, answered: Job) -> Job | None:
        """Store the answer; return the job as it is now if its message was changed since it was leased."""
        try:
            await lease.save(answered)
        except Changed as changed:
            return changed.job
        return None

    async def _made(self, lease: Lease) -> Job | None:
        """Return the job with an answer that is not stored yet; None if it was returned for a later try."""
        job = lease.job
        extra: dict[str, object] = {"user": who(job.message.user)}
        try:
            reply, failed = self._conversation.begin(job), False
            job = replace(job, profile=reply.profile)
            if reply.parts is None:
                since = job.started if job.state is State.PROCESSING else None
                job = replace(job, state=State.PROCESSING, started=job.started or time.time())
                await lease.save(job)
                reply = await self._conversation.ask(job, since)
        except Unanswered as error:
            extra |= {"cause": str(error), "tries": job.tries + 1}
            if error.again and job.tries + 1 < self._clocks.tries:
                log.warning("no answer yet", extra=extra)
                self._metrics.answers["tried_again"].inc()
                await self._again(lease, job)
                return None
            log.error("no answer", extra=extra)
            reply, failed = self._conversation.notice(job, error.notice), True
        except (InboxUnavailable, LeaseLost):
            raise
        except Exception:  # one broken message must not stop the others  # noqa: BLE001
            log.exception("a message could not be answered", extra=extra)
            reply, failed = self._conversation.notice(job, Notice.UNEXPECTED), True
        made = replace(job, state=State.ANSWERED, parts=reply.parts or (), failed=failed, tries=0)
        return replace(made, profile=reply.profile)

    async def _again(self, lease: Lease, job: Job) -> None:
        spread = random.uniform(1.0, 1.25)  # so that those who failed together do not come back together  # noqa: S311
        wait = self._clocks.wait(job.tries) * spread
        await lease.retry(replace(job, tries=job.tries + 1), time.time() + wait)


def _answered(changed: Job, answered: Job) -> Job:
    """Return the changed job with an answer to its text before the change."""
    kept = replace(answered, message=changed.message, edits=changed.edits, lease=changed.lease)
    return replace(kept, withdrawn=changed.withdrawn)
