"""An inbox in memory. Its messages are lost when the process ends."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ansari_whatsapp.inbox.base import (
    AGAIN,
    KEEP_DEAD,
    KEEP_EARLY,
    KEEP_PROFILE,
    KEEP_SENT,
    REMEMBER,
    Backlog,
    Changed,
    DeadLetter,
    InboxFull,
    Job,
    LeaseLost,
    Profile,
    PutResult,
    Stage,
    State,
    Turn,
)
from ansari_whatsapp.inbox.tag import Tag, is_of
from ansari_whatsapp.webhook import Message, Status

REMEMBER_AT_MOST = 200_000


@dataclass
class _Entry:
    job: Job
    due: float = 0.0
    lease: str = ""  # of its present lessee; "" while it is not leased
    status: Status | None = None  # of the part that is being sent


class MemoryInbox:
    """See the Inbox protocol. `capacity` bounds the unfinished jobs."""

    problem = ""
    poll = 0.5
    shared = False

    def __init__(self, capacity: int = 10_000, clock: Callable[[], float] = time.time) -> None:
        self._capacity = capacity
        self._clock = clock
        self._queues: OrderedDict[str, OrderedDict[str, _Entry]] = OrderedDict()  # per user, oldest first
        self._entries: dict[str, _Entry] = {}
        self._known: OrderedDict[str, float] = OrderedDict()
        self._dead: dict[str, DeadLetter] = {}
        self._sent: OrderedDict[str, tuple[Job, float]] = OrderedDict()
        self._early: dict[str, tuple[str | None, float]] = {}  # wamid → the new text, None for a withdrawal
        self._profiles: dict[str, tuple[Profile, float]] = {}
        self._leases = 0

    async def open(self) -> None:
        """Do nothing: memory needs no opening."""

    async def aclose(self) -> None:
        """Do nothing: the leases end with the process."""

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        del until, room  # to lease costs no call here
        new = {m.wamid: m for m in messages if m.wamid not in self._known}
        if len(self._entries) + len(new) > self._capacity:
            raise InboxFull
        for message in new.values():
            self._add(self._changed_early(Job(message)))
        return PutResult(len(new))

    async def lease(self, now: float, until: float) -> Job | None:
        for user, queue in self._queues.items():
            entry = next(iter(queue.values()))
            if entry.due > now:
                continue
            deaths = entry.job.deaths + bool(entry.lease)
            self._leases += 1
            entry.lease, entry.due = str(self._leases), until
            profile, _ = self._profiles.get(user, (Profile(), 0.0))
            entry.job = replace(entry.job, deaths=deaths, profile=profile, lease=entry.lease)
            self._queues.move_to_end(user)  # the others first, next time
            return entry.job
        return None

    def name_of(self, user: str) -> str:
        del user
        return ""

    async def lease_user(self, name: str, now: float, until: float) -> Turn:
        del name
        return Turn(await self.lease(now, until))

    async def due(self, now: float) -> Sequence[str]:
        del now
        return ()

    async def extend(self, job: Job, until: float) -> None:
        self._mine(job).due = until

    async def save(self, job: Job) -> None:
        entry = self._mine(job)
        now = entry.job
        if job.state is State.ANSWERED and not job.sent and now.state is not State.ANSWERED and _differs(now, job):
            raise Changed(now)
        self._store(entry, job)

    async def retry(self, job: Job, at: float) -> None:
        entry = self._mine(job)
        self._store(entry, job)
        entry.due, entry.lease, entry.job = at, "", replace(entry.job, deaths=0)

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        entry = self._mine(job)
        entry.due, entry.lease = at, ""

    async def finish(self, job: Job, state: State) -> Job | None:
        entry = self._mine(job)
        self._store(entry, job)
        job = self._take(job.message.wamid)
        wamid = job.message.wamid
        if state is State.DONE:
            self._sent[wamid] = job, self._clock()
        elif job.failed:
            self._dead[wamid] = DeadLetter(wamid, job.message, self._clock())
        else:
            self._dead[wamid] = DeadLetter(wamid, job.message, self._clock(), job.parts, job.sent)
        return None

    def tag(self, job: Job, part: int) -> str:
        wamid = job.message.wamid
        return str(Tag.of(part, wamid.count(f"{AGAIN}:"), job.message.user, wamid, job.parts))

    async def settle(self, status: Status) -> None:
        tag = Tag.parse(status.tag)
        entry = self._entries.get(tag.message) if tag else None
        if tag and entry and entry.job.state is State.ANSWERED and tag.part == entry.job.sent + 1:
            entry.status = status if tag.fits(entry.job.parts) else entry.status

    async def outcome(self, job: Job) -> Status | None:
        entry = self._mine(job)
        return entry.status if entry.status and is_of(entry.status.tag, self.tag(job, job.sent + 1)) else None

    async def resend(self, tag: Tag, at: float) -> bool:
        entry = self._entries.get(tag.message)
        job = entry.job if entry is not None else self._sent.get(tag.message, (None, 0.0))[0]
        name = f"{AGAIN}:{tag.message}:{tag.part}"
        if job is None or not tag.fits(job.parts) or name in self._known:
            return False
        message = Message(name, job.message.user, AGAIN, None, None)
        self._add(Job(message, State.ANSWERED, (job.parts[tag.part - 1],)), at)
        return True

    async def withdraw(self, user: str, wamid: str) -> bool:
        return self._change(wamid, None)

    async def amend(self, user: str, wamid: str, text: str) -> bool:
        return self._change(wamid, text)

    async def waiting(self) -> int:
        return len(self._entries)

    async def given_up(self) -> int:
        return len(self._dead)

    async def oldest(self) -> float | None:
        return min((self._known[wamid] for wamid in self._entries), default=None)

    async def backlog(self) -> Backlog:
        stages: Counter[Stage] = Counter()
        now = self._clock()
        for queue in self._queues.values():
            first = next(iter(queue.values()))
            answered, later = first.job.state is State.ANSWERED, first.due > now
            stages[Stage.of(leased=bool(first.lease) and later, answered=answered, later=later)] += 1
            stages[Stage.WAITING] += len(queue) - 1
        return Backlog(len(self._queues), stages, await self.oldest())

    async def forget(self) -> None:
        now = self._clock()
        self._dead = {wamid: letter for wamid, letter in self._dead.items() if letter.died > now - KEEP_DEAD}
        self._early = {wamid: early for wamid, early in self._early.items() if early[1] > now - KEEP_EARLY}
        self._profiles = {
            user: kept for user, kept in self._profiles.items() if user in self._queues or kept[1] > now - KEEP_PROFILE
        }
        while self._sent and next(iter(self._sent.values()))[1] <= now - KEEP_SENT:
            self._sent.popitem(last=False)
        while self._known:
            wamid, seen = next(iter(self._known.items()))
            if wamid in self._entries or (seen > now - REMEMBER and len(self._known) <= REMEMBER_AT_MOST):
                return
            del self._known[wamid]

    async def dead(self, newest: int | None = None) -> Sequence[DeadLetter]:
        letters = list(self._dead.values())
        return letters if newest is None else letters[max(0, len(letters) - newest) :]

    async def replay(self, id: str) -> bool:  # noqa: A002 -- the field of DeadLetter
        letter = self._dead.pop(id, None)
        if letter is None:
            return False
        state = State.ANSWERED if letter.parts else State.RECEIVED
        self._add(Job(letter.message, state, letter.parts, letter.sent))
        return True

    def _mine(self, job: Job) -> _Entry:
        entry = self._entries.get(job.message.wamid)
        if entry is None or not entry.lease or entry.lease != job.lease:
            raise LeaseLost(job.message.wamid)
        return entry

    def _store(self, entry: _Entry, job: Job) -> None:
        """Keep the progress of a job; its message changes only through its writer."""
        now = entry.job
        if job.sent != now.sent:
            entry.status = None
        deaths = 0 if job.state is State.ANSWERED else now.deaths
        entry.job = replace(job, message=now.message, withdrawn=now.withdrawn, edits=now.edits, deaths=deaths)
        self._profiles[job.message.user] = job.profile, self._clock()

    def _change(self, wamid: str, text: str | None) -> bool:
        entry = self._entries.get(wamid)
        if entry is None:
            if wamid in self._known:
                return False
            self._early[wamid] = text, self._clock()
            return True
        job = entry.job
        if job.state is State.ANSWERED and (job.sent or entry.lease):
            return False
        entry.job = _with(job, text)
        return True

    def _changed_early(self, job: Job) -> Job:
        early = self._early.pop(job.message.wamid, None)
        return job if early is None else _with(job, early[0])

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


def _with(job: Job, text: str | None) -> Job:
    """The job with another text, or withdrawn, and without an answer to what it was before."""
    state = State.RECEIVED if job.state is State.ANSWERED else job.state
    fresh = replace(job, state=state, parts=(), failed=False, unsure=False, edits=job.edits + 1)
    return replace(fresh, message=job.message._replace(text=text), withdrawn=job.withdrawn or text is None)


def _differs(now: Job, leased: Job) -> bool:
    return (now.edits, now.withdrawn) != (leased.edits, leased.withdrawn)
