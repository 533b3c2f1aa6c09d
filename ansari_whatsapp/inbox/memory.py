"""An inbox in memory: what it holds is lost with the process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansari_whatsapp.inbox.base import KEEP_DEAD, REMEMBER, DeadLetter, InboxFull, Job, State
from ansari_whatsapp.webhook import Message

REMEMBER_AT_MOST = 200_000


@dataclass
class _Entry:
    job: Job
    due: float = 0.0
    leased_until: float = 0.0


class MemoryInbox:
    """See the Inbox protocol. `capacity` bounds the unfinished jobs."""

    problem = ""

    def __init__(self, capacity: int = 10_000, clock: Callable[[], float] = time.time) -> None:
        self._capacity = capacity
        self._clock = clock
        self._queues: OrderedDict[str, OrderedDict[str, _Entry]] = OrderedDict()  # per user, oldest first
        self._entries: dict[str, _Entry] = {}
        self._known: OrderedDict[str, float] = OrderedDict()
        self._dead: dict[str, DeadLetter] = {}

    async def open(self) -> None:
        """There is nothing to open."""

    async def aclose(self) -> None:
        """There is nobody to give it back to."""

    async def put(self, messages: Sequence[Message]) -> int:
        self._forget()
        new = {m.wamid: m for m in messages if m.wamid not in self._known}
        if len(self._entries) + len(new) > self._capacity:
            raise InboxFull
        for message in new.values():
            self._add(message)
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
        message = self._take(wamid)
        if state is State.FAILED:
            self._dead[wamid] = DeadLetter(message, self._clock())

    async def withdraw(self, wamid: str) -> bool:
        entry = self._entries.get(wamid)
        if entry is None or entry.leased_until or entry.job.state is not State.RECEIVED:
            return False
        self._take(wamid)
        return True

    async def waiting(self) -> int:
        return len(self._entries)

    async def dead(self) -> Sequence[DeadLetter]:
        self._forget()
        return list(self._dead.values())

    async def replay(self, wamid: str) -> bool:
        letter = self._dead.pop(wamid, None)
        if letter is not None:
            self._add(letter.message)
        return letter is not None

    def _add(self, message: Message) -> None:
        entry = _Entry(Job(message))
        self._known[message.wamid] = self._clock()
        self._entries[message.wamid] = entry
        self._queues.setdefault(message.user, OrderedDict())[message.wamid] = entry

    def _take(self, wamid: str) -> Message:
        message = self._entries.pop(wamid).job.message
        queue = self._queues[message.user]
        del queue[wamid]
        if not queue:
            del self._queues[message.user]
        return message

    def _forget(self) -> None:
        now = self._clock()
        self._dead = {wamid: letter for wamid, letter in self._dead.items() if letter.died > now - KEEP_DEAD}
        while self._known:
            wamid, seen = next(iter(self._known.items()))
            if wamid in self._entries or (seen > now - REMEMBER and len(self._known) <= REMEMBER_AT_MOST):
                return
            del self._known[wamid]
