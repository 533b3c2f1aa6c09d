"""An inbox in memory. Its messages are lost when the process ends."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ansari_whatsapp.inbox.base import AGAIN, KEEP_DEAD, KEEP_SENT, REMEMBER, DeadLetter, InboxFull, Job, State
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
        self._sent: OrderedDict[str, tuple[Job, float]] = OrderedDict()

    async def open(self) -> None:
        """Do nothing: memory needs no opening."""

    async def aclose(self) -> None:
        """Do nothing: the leases end with the process."""

    async def put(self, messages: Sequence[Message]) -> int:
        new = {m.wamid: m for m in messages if m.wamid not in self._known}
        if len(self._entries) + len(new) > self._capacity:
            raise InboxFull
        for message in new.values():
            self._add(Job(message))
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
        job = self._take(wamid)
        if state is State.DONE:
            self._sent[wamid] = job, self._clock()
        elif job.failed:
            self._dead[wamid] = DeadLetter(job.message, self._clock())
        else:
            self._dead[wamid] = DeadLetter(job.message, self._clock(), job.parts, job.sent)

    async def resend(self, wamid: str, part: int, at: float) -> bool:
        entry = self._entries.get(wamid)
        job = entry.job if entry is not None else self._sent.get(wamid, (None, 0.0))[0]
        name = f"{AGAIN}:{wamid}:{part}"
        if job is None or not 1 <= part <= len(job.parts) or name in self._known:
            return False
        message = Message(name, job.message.user, AGAIN, None, None)
        self._add(Job(message, State.ANSWERED, (job.parts[part - 1],)), at)
        return True

    async def withdraw(self, wamid: str) -> bool:
        begun = self._begun(wamid)
        if not begun:
            self._take(wamid)
        return not begun

    async def amend(self, wamid: str, text: str) -> bool:
        if self._begun(wamid):
            return False
        entry = self._entries[wamid]
        entry.job = replace(entry.job, message=entry.job.message._replace(text=text))
        return True

    async def waiting(self) -> int:
        return len(self._entries)

    async def given_up(self) -> int:
        return len(self._dead)

    async def oldest(self) -> float | None:
        return min((self._known[wamid] for wamid in self._entries), default=None)

    async def forget(self) -> None:
        now = self._clock()
        self._dead = {wamid: letter for wamid, letter in self._dead.items() if letter.died > now - KEEP_DEAD}
        while self._sent and next(iter(self._sent.values()))[1] <= now - KEEP_SENT:
            self._sent.popitem(last=False)
        while self._known:
            wamid, seen = next(iter(self._known.items()))
            if wamid in self._entries or (seen > now - REMEMBER and len(self._known) <= REMEMBER_AT_MOST):
                return
            del self._known[wamid]

    async def dead(self) -> Sequence[DeadLetter]:
        return list(self._dead.values())

    async def replay(self, wamid: str) -> bool:
        letter = self._dead.pop(wamid, None)
        if letter is None:
            return False
        state = State.ANSWERED if letter.parts else State.RECEIVED
        self._add(Job(letter.message, state, letter.parts, letter.sent))
        return True

    def _begun(self, wamid: str) -> bool:
        """Return whether an answer to the message was started, or the message does not exist."""
        entry = self._entries.get(wamid)
        return entry is None or entry.leased_until > 0 or entry.job.state is not State.RECEIVED

    def _add(self, job: Job, due: float = 0.0) -> None:
        wamid, user = job.message.wamid, job.message.user
        self._known[wamid] = self._clock()
        self._known.move_to_end(wamid)
        self._entries[wamid] = entry = _Entry(job, due)
        self._queues.setdefault(user, OrderedDict())[wamid] = entry

    def _take(self, wamid: str) -> Job:
        job = self._entries.pop(wamid).job
        queue = self._queues[job.message.user]
        del queue[wamid]
        if not queue:
            del self._queues[job.message.user]
        return job
