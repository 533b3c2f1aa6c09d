"""An inbox in memory: what it holds is lost with the process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansari_whatsapp.inbox.base import InboxFull, Job, State
from ansari_whatsapp.webhook import Message

REMEMBER = 8 * 86400.0  # seconds: Meta delivers again for seven days
REMEMBER_AT_MOST = 200_000


@dataclass
class _Entry:
    job: Job
    due: float = 0.0
    leased_until: float = 0.0


class MemoryInbox:
    """See the Inbox protocol. `capacity` bounds the unfinished jobs."""

    def __init__(self, capacity: int = 10_000, clock: Callable[[], float] = time.time) -> None:
        self._capacity = capacity
        self._clock = clock
        self._queues: OrderedDict[str, OrderedDict[str, _Entry]] = OrderedDict()  # per user, oldest first
        self._entries: dict[str, _Entry] = {}
        self._known: OrderedDict[str, float] = OrderedDict()

    async def put(self, messages: Sequence[Message]) -> int:
        self._forget()
        new = {m.wamid: m for m in messages if m.wamid not in self._known}
        if len(self._entries) + len(new) > self._capacity:
            raise InboxFull
        for message in new.values():
            entry = _Entry(Job(message))
            self._known[message.wamid] = self._clock()
            self._entries[message.wamid] = entry
            self._queues.setdefault(message.user, OrderedDict())[message.wamid] = entry
        return len(new)

    async def lease(self, now: float, until: float) -> Job | None:
        for user, queue in self._queues.items():
            entry = next(iter(queue.values()))
            if entry.due <= now and entry.leased_until <= now:
                entry.leased_until = until
                self._queues.move_to_end(user)  # the others first, next time
                return entry.job
        return None

    async def extend(self, wamid: str, until: float) -> None:
        self._entries[wamid].leased_until = until

    async def save(self, job: Job) -> None:
        self._entries[job.message.wamid].job = job

    async def retry(self, job: Job, at: float) -> None:
        entry = self._entries[job.message.wamid]
        entry.job, entry.due, entry.leased_until = job, at, 0.0

    async def finish(self, wamid: str, state: State) -> None:
        entry = self._entries.pop(wamid)
        queue = self._queues[entry.job.message.user]
        del queue[wamid]
        if not queue:
            del self._queues[entry.job.message.user]

    async def waiting(self) -> int:
        return len(self._entries)

    def _forget(self) -> None:
        oldest = self._clock() - REMEMBER
        while self._known:
            wamid, seen = next(iter(self._known.items()))
            if wamid in self._entries or (seen > oldest and len(self._known) <= REMEMBER_AT_MOST):
                return
            del self._known[wamid]
