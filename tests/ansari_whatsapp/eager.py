"""An inbox in memory that behaves as one that many instances share."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ansari_whatsapp.inbox import Accepted, Job, MemoryInbox, State
from ansari_whatsapp.webhook import Message


class Eager(MemoryInbox):
    """Leases jobs as early as the protocol allows it: when they are put, and when the user's job before is finished."""

    shared = True
    poll = 0.02

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> Accepted:
        accepted = await super().put(messages)
        leased: list[Job] = []
        while until is not None and len(leased) < room:
            job = await self.lease(time.time(), until)
            if job is None:
                break
            leased.append(job)
        return Accepted(accepted.new, tuple(leased))

    async def finish(self, job: Job, state: State) -> Job | None:
        await super().finish(job, state)
        user = job.message.user
        queue = self._queues.get(user)
        if queue is None or next(iter(queue.values())).due > time.time():
            return None
        self._queues.move_to_end(user, last=False)
        return await self.lease(time.time(), time.time() + 60)
