"""An inbox in memory that behaves as one that many instances share."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ansari_whatsapp.inbox import Job, MemoryInbox, PutResult, State, Turn
from ansari_whatsapp.webhook import Message


class Eager(MemoryInbox):
    """Leases jobs as early as the protocol allows it: when they are put, and when the user's job before is finished."""

    shared = True
    poll = 0.02

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        accepted = await super().put(messages)
        leased: list[Job] = []
        while until is not None and len(leased) < room:
            job = await self.lease(time.time(), until)
            if job is None:
                break
            leased.append(job)
        return PutResult(accepted.new, tuple(leased))

    def name_of(self, user: str) -> str:
        return f"name-of-{user}"

    async def lease_user(self, name: str, now: float, until: float) -> Turn:
        user = name.removeprefix("name-of-")
        if not (queue := self._queues.get(user)):
            return Turn()
        if (due := next(iter(queue.values())).due) > now:
            return Turn(due=due)
        self._queues.move_to_end(user, last=False)
        return Turn(await self.lease(now, until))

    async def due(self, now: float) -> Sequence[str]:
        return [self.name_of(user) for user, queue in self._queues.items() if next(iter(queue.values())).due <= now]

    async def finish(self, job: Job, state: State) -> Job | None:
        await super().finish(job, state)
        user = job.message.user
        queue = self._queues.get(user)
        if queue is None or next(iter(queue.values())).due > time.time():
            return None
        self._queues.move_to_end(user, last=False)
        return await self.lease(time.time(), time.time() + 60)
