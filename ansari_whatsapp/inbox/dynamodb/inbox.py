"""The inbox in one DynamoDB table: see box.py for its main item, and docs/explanation/inbox.md for the proof."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import orjson

from ansari_whatsapp.inbox.base import (
    AGAIN,
    KEEP_SENT,
    Accepted,
    Backlog,
    Changed,
    DeadLetter,
    InboxFull,
    InboxUnavailable,
    Job,
    LeaseLost,
    State,
    Turn,
)
from ansari_whatsapp.inbox.dynamodb.attributes import (
    get_fields,
    get_text,
    number,
    packed,
    text,
)
from ansari_whatsapp.inbox.dynamodb.backlog import read_backlog
from ansari_whatsapp.inbox.dynamodb.box import Box, entry, last, name_of_part
from ansari_whatsapp.inbox.dynamodb.box_writes import (
    go_on_to_next,
    lease_box,
    pop_first,
    put_alone,
    put_behind,
    set_progress,
    stored_by,
    user_of,
)
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.changes import change
from ansari_whatsapp.inbox.dynamodb.cleaning import ENDS_KEPT, Cleaner
from ansari_whatsapp.inbox.dynamodb.client import Client, ConditionFailed
from ansari_whatsapp.inbox.dynamodb.index import Index
from ansari_whatsapp.inbox.dynamodb.markers import LETTER, Markers
from ansari_whatsapp.inbox.dynamodb.names import Names, ended, waits
from ansari_whatsapp.inbox.dynamodb.write import Write
from ansari_whatsapp.inbox.tag import Tag, is_of
from ansari_whatsapp.webhook import Message, Status

POLL: Final = 5.0  # seconds
CLOSE_WITHIN: Final = 1.0  # seconds at the end to return the leases, and again to clean: others do what is left
A_LONG_TIME: Final = 86400.0  # seconds: whatever is left is deleted now
SENT_WORDS: Final = frozenset({"sent", "delivered", "failed"})


class DynamoInbox:
    """See the Inbox protocol. `capacity` bounds the users whose messages wait, about.

    `put`, for which Meta waits, gives up after `commit_seconds`. `key` hashes phone numbers and wamids.
    """

    shared = True

    def __init__(
        self,
        client: Client,
        table: str,
        key: str,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.time,
        commit_seconds: float = 1.0,
    ) -> None:
        self.client = client
        self._table = table
        self._names = Names(key)
        self._capacity = capacity
        self._clock = clock
        self._commit_seconds = commit_seconds
        self._boxes = Boxes(client, table)
        self._index = Index(client, table)
        self._markers = Markers(client, table, clock)
        self._cleaner = Cleaner(self._boxes, self._markers, clock)
        self.poll = POLL
        self._waiting = 0
        self._due: deque[str] = deque()  # users whose box was due at the last query
        self._held: dict[str, str] = {}  # lease token → user

    @property
    def problem(self) -> str:
        return self.client.problem

    async def open(self) -> None:
        try:
            await self.client.open()
            await self.waiting()
        except InboxUnavailable as error:
            self.client.problem = str(error)

    async def aclose(self) -> None:
        now, users = self._clock(), self._cleaner.users
        held = [self._release(user, token, now) for token, user in list(self._held.items())]
        await _within(CLOSE_WITHIN, held)
        await _within(CLOSE_WITHIN, [self._cleaner.clean(user, now + A_LONG_TIME) for user in users])
        await self.client.aclose()

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> Accepted:
        by_user: defaultdict[str, list[Message]] = defaultdict(list)
        for message in messages:
            by_user[message.user].append(message)
        room = room if until is not None else 0
        tasks = []
        for count, group in enumerate(by_user.values()):
            tasks.append(self._put_in_order(group, until if count < room else None))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        done = [result for result in results if not isinstance(result, BaseException)]
        return Accepted(sum(new for new, _ in done), tuple(job for _, job in done if job))

    async def _put_in_order(self, messages: Sequence[Message], until: float | None) -> tuple[int, Job | None]:
        new, leased = 0, None
        for message in messages:
            if self._waiting >= self._capacity and not await self._is_known(message):
                raise InboxFull
            is_new, job = await self._put(message, None if leased else until)
            new += is_new
            leased = leased or job
        return new, leased

    async def _is_known(self, message: Message) -> bool:
        user, name = self._names.user(message.user), self._names.message(message.wamid)
        box = await self._boxes.read(user)
        return box.has(name) or await self._markers.read(user, name) is not None

    async def _put(self, message: Message, until: float | None) -> tuple[bool, Job | None]:
        """Store one message; lease it if `until` is given and its user has no other work."""
        user, name = self._names.user(message.user), self._names.message(message.wamid)
        begin = time.monotonic()
        (is_new, box), found = await asyncio.gather(
            self._add(user, message.user, name, Job(message), until=until),
            self._markers.read(user, name, self._commit_seconds),
        )
        if time.monotonic() - begin > ENDS_KEPT:  # the process slept: its end may have been written in between
            found = await self._markers.read(user, name, self._commit_seconds)
        ends = found is not None and get_text(found, "st") in {"done", "failed"}
        if box is None:
            return is_new and not ends, None
        job = box.job(found)
        self._held[job.lease] = user
        if ends:  # delivered again long after its end
            with suppress(LeaseLost):
                following = await self._pop(job, user, name, box, None)
                return False, (await self._open(user, following, self._clock())).job if following else None
            return False, None  # another lessee takes it off
        return is_new, job

    async def _add(
        self, user: str, number_of_user: str, name: str, job: Job, *, until: float | None = None, at: float = 0.0
    ) -> tuple[bool, Box | None]:
        """Append a message to its user's box. Returns whether it is new, and the box if it was leased."""
        now, token = self._clock(), secrets.token_urlsafe(9)
        one = entry(job, token, now, at if at > now else 0.0)
        for _ in range(10):
            write = put_alone(name, one, user, number_of_user, now)
            if until is None:
                write.set("due", number(max(now, at)))
            else:
                lease_box(write, token, until, now, first=True)
            returns = "ALL_NEW" if until is not None else "NONE"
            found = await self._boxes.apply(write, user, returns, self._commit_seconds)
            if not isinstance(found, ConditionFailed):
                return True, None if until is None else Box(found)
            box = Box(found.item)
            if box.own == token:  # written, and the reply was lost
                return True, box
            if box.ids and not box.has(name):
                found = await self._boxes.apply(put_behind(name, one), user, within=self._commit_seconds)
                if not isinstance(found, ConditionFailed):
                    return True, None
                box = Box(found.item)
            if box.has(name):
                return stored_by(token, box, name), None
            if box.full:
                raise InboxFull
        raise InboxUnavailable("the box changes all the time")

    async def lease(self, now: float, until: float) -> Job | None:
        await self._cleaner.clean_due(now)
        for _ in range(2):
            while self._due:
                turn = await self.lease_user(self._due.popleft(), now, until)
                if turn.job is not None:
                    return turn.job
            await self._find(now)
            if not self._due:
                return None
        return None

    async def _find(self, now: float) -> None:
        """Find the boxes that are due; the lease itself decides."""
        found = [user_of(item) for item in await self._index.due(now)]
        random.shuffle(found)  # so that instances do not all try the same
        self._due.extend(found)

    def name_of(self, user: str) -> str:
        return self._names.user(user)

    async def due(self, now: float) -> Sequence[str]:
        await self._cleaner.clean_due(now)
        found = await self._index.due(now)
        for item in found:
            if "since" not in item:  # a box without work, which an instance without processor time could not clean
                await self._cleaner.clean(user_of(item), now)
        return [user_of(item) for item in found if "since" in item]

    async def lease_user(self, name: str, now: float, until: float) -> Turn:
        user = name
        token = secrets.token_urlsafe(9)
        write = Write()
        lease_box(write, token, until, now, first=False)
        write.when(write.exists("ids"), write.size("ids", ">", 0), write.compare("due", "<=", number(now)))
        found = await self._boxes.apply(write, user, "ALL_NEW")
        if isinstance(found, ConditionFailed):
            box = Box(found.item)
            if box.own != token:
                if found.item and not box.ids and box.due <= now:
                    await self._cleaner.clean(user, now)
                return Turn(due=box.due if box.ids else None)
        else:
            box = Box(found)
        self._held[token] = user
        return await self._open(user, box, now)

    async def _open(self, user: str, box: Box, now: float) -> Turn:
        """Return the first message of a leased box; if the first has ended before, the one after it.

        The lease may end meanwhile, when the process was stopped or the calls were slow. Another lessee has the
        user's work then, as if this one had come second.
        """
        try:
            return await self._first(user, box, now)
        except LeaseLost:
            return Turn(due=self._clock())

    async def _first(self, user: str, box: Box, now: float) -> Turn:
        """See `_open`. Raises LeaseLost."""
        following: Box | None = box
        while following is not None:
            name = following.first
            found = await self._markers.read(user, name)
            job = following.job(found)
            if found is not None and get_text(found, "st") in {"done", "failed"}:
                following = await self._pop(job, user, name, following, None)
            elif following.not_before > now:
                await self._retry(user, job, following.not_before)
                return Turn(due=following.not_before)
            else:
                return Turn(job)
        return Turn()

    async def extend(self, job: Job, until: float) -> None:
        write = Write()
        write.set("due", number(until))
        await self._update(job, write)

    async def save(self, job: Job) -> None:
        if job.state in {State.RECEIVED, State.PROCESSING}:
            return  # the lease has written it
        name = self._names.message(job.message.wamid)
        write = Write()
        if job.sent:
            if job.sent >= len(job.parts):
                return  # the end of the job is written next
            write.remove("out", "deaths")
            write.set("sent", number(job.sent))
            write.set("tries", number(job.tries))
            await self._update(job, write)
            return
        write.set("ans", packed(job.parts))
        set_progress(write, job)
        write.when(write.compare(f"{waits(name)}.ed", "=", number(job.edits)))
        await self._update(job, write, changes=True)

    async def retry(self, job: Job, at: float) -> None:
        await self._retry(self._names.user(job.message.user), job, at)

    async def _retry(self, user: str, job: Job, at: float) -> None:
        write = Write()
        write.set("due", number(at))
        set_progress(write, job)
        if job.state is State.ANSWERED:
            write.set("ans", packed(job.parts))
        write.remove("own", "held")
        await self._update(job, write)
        self._held.pop(job.lease, None)

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        write = Write()
        write.set("due", number(max(at, self._clock())))
        write.remove("own", "held")
        await self._update(job, write)
        self._held.pop(job.lease, None)

    async def _release(self, user: str, token: str, now: float) -> None:
        """Return a lease by its token."""
        write = Write()
        write.set("due", number(now))
        write.remove("own", "held")
        write.when(write.compare("own", "=", text(token)))
        found = await self._boxes.apply(write, user)
        self._held.pop(token, None)
        if isinstance(found, ConditionFailed):
            raise found

    async def finish(self, job: Job, state: State) -> Job | None:
        user, name = self._names.user(job.message.user), self._names.message(job.message.wamid)
        following = await self._pop(job, user, name, None, state)
        self._cleaner.note_end(name)
        if following is None:
            return None
        return (await self._open(user, following, self._clock())).job

    async def _pop(self, job: Job, user: str, name: str, known: Box | None, state: State | None) -> Box | None:
        """Take the first message off its box; return the box if another message is first now, leased the same way.

        `state` is what came of the message, None when its marker exists already. The end is kept in the box first: the
        marker is written after it, and the box is cleaned only after that.
        """
        now = self._clock()
        end = None if state is None else last(job, state, secrets.token_urlsafe(9), now, now + KEEP_SENT)
        overdue = await self._cleaner.overdue(user, known, now) if known is not None else []
        for _ in range(10):
            write = pop_first(job, name, end, overdue)
            if known is not None and len(known.ids) > 1:
                go_on_to_next(write, known, now)
            else:
                write.remove("own", "held", "since")
                write.when(write.size("ids", "=", 1))
            found = await self._boxes.apply_with_room(write, user, "ALL_NEW")
            if not isinstance(found, ConditionFailed):
                box = Box(found)
                break
            box = known = Box(found.item)
            if end is not None and get_fields(box.item, ended(name)) == end["M"]:  # the reply was lost
                break
            if box.own != job.lease or box.first != name:
                self._held.pop(job.lease, None)
                raise LeaseLost(job.message.wamid)
        else:
            raise InboxUnavailable("the box changes all the time")
        if end is not None:
            await self._markers.write_end(user, name, end["M"])
        # Before a call is repeated the lease may end, and another lessee have the next message.
        leased = bool(box.ids) and box.own == job.lease
        if not leased:
            self._held.pop(job.lease, None)
        self._cleaner.clean_later(user, box, now)
        return box if leased else None

    def tag(self, job: Job, part: int) -> str:
        wamid = job.message.wamid
        user, message = self._names.user(job.message.user), self._names.message(wamid)
        return str(Tag.of(part, wamid.count(f"{AGAIN}:"), user, message, job.parts))

    async def settle(self, status: Status) -> None:
        tag = Tag.parse(status.tag)
        if tag is None or self._cleaner.ended_here(tag.message) or status.status not in SENT_WORDS:
            return
        box = await self._boxes.read(tag.user, consistent=False)
        if box.first != tag.message:
            return
        job = box.job()
        if job.state is not State.ANSWERED or tag.part != job.sent + 1 or not tag.fits(job.parts):
            return
        known = box.outcome()
        if known is not None and known.tag == status.tag and status.status != "failed" != known.status:
            return  # "delivered" after "sent" shows nothing new
        write = Write()
        write.set("out", text(orjson.dumps([tag.part, *status]).decode()))
        sent = write.compare("sent", "=", box.item["sent"]) if "sent" in box.item else write.absent("sent")
        write.when(write.compare("ids[0]", "=", text(tag.message)), sent)
        await self._boxes.apply(write, tag.user)

    async def outcome(self, job: Job) -> Status | None:
        box = await self._boxes.read(self._names.user(job.message.user))
        if box.own != job.lease:
            raise LeaseLost(job.message.wamid)
        status = box.outcome()
        return status if status and is_of(status.tag, self.tag(job, job.sent + 1)) else None

    async def resend(self, tag: Tag, at: float) -> bool:
        box = await self._boxes.read(tag.user)
        parts = box.answer_of(tag.message)
        again = name_of_part(tag.message, tag.part)
        name = self._names.message(again)
        if not tag.fits(parts) or box.has(name) or await self._markers.read(tag.user, name):
            return False
        user = get_text(box.item, "usr")
        job = Job(Message(again, user, AGAIN, None, None), State.ANSWERED, (parts[tag.part - 1],))
        is_new, _ = await self._add(tag.user, user, name, job, at=at)
        return is_new

    async def withdraw(self, user: str, wamid: str) -> bool:
        return await self._change(user, wamid, None)

    async def amend(self, user: str, wamid: str, text: str) -> bool:
        return await self._change(user, wamid, text)

    async def _change(self, user: str, wamid: str, said: str | None) -> bool:
        names = self._names.user(user), self._names.message(wamid)
        return await change(self._boxes, self._markers, *names, said)

    async def waiting(self) -> int:
        self._waiting = len(await self._index.since())
        return self._waiting

    async def oldest(self) -> float | None:
        return min(await self._index.since(), default=None)

    async def backlog(self) -> Backlog:
        return await read_backlog(self.client, self._table, self._clock())

    async def given_up(self) -> int:
        return await self._markers.count_dead()

    async def forget(self) -> None:
        await self._markers.forget()
        await self._cleaner.clean_due(self._clock())

    async def dead(self, newest: int | None = None) -> Sequence[DeadLetter]:
        return await self._markers.dead(newest)

    async def replay(self, id: str) -> bool:  # noqa: A002 -- the field of DeadLetter
        user, _, name = id.removeprefix(LETTER).partition(".")
        letter = await self._markers.take_dead(user, name)
        if letter is None:
            return False
        state = State.ANSWERED if letter.parts else State.RECEIVED
        await self._forget_end(user, name)
        await self._add(user, letter.message.user, name, Job(letter.message, state, letter.parts, letter.sent))
        await self._markers.delete(user, name, only="again")
        return True

    async def _forget_end(self, user: str, name: str) -> None:
        """Remove the end of a message from its box, so that the message can wait there again."""
        write = Write()
        write.remove(ended(name))
        write.when(write.exists(ended(name)))
        await self._boxes.apply(write, user)

    async def _update(self, job: Job, write: Write, *, changes: bool = False) -> None:
        """Write to the box of a leased job. Raises LeaseLost; Changed, if that is what the condition is about."""
        user, name = self._names.user(job.message.user), self._names.message(job.message.wamid)
        write.when(write.compare("own", "=", text(job.lease)), write.compare("ids[0]", "=", text(name)))
        found = await self._boxes.apply_with_room(write, user)
        if not isinstance(found, ConditionFailed):
            return
        box = Box(found.item)
        if changes and box.own == job.lease and box.first == name:
            raise Changed(box.job())
        self._held.pop(job.lease, None)
        raise LeaseLost(job.message.wamid)


async def _within(seconds: float, work: Sequence[Coroutine[Any, Any, object]]) -> None:
    """Do what can be done in this time; what fails is left."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*work, return_exceptions=True)
