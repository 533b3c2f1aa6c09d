"""Lease the boxes of a table, store the progress of their first messages, and take those off that ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ansari_whatsapp.inbox.base import KEEP_SENT, Changed, InboxUnavailable, Job, LeaseLost, State, Turn
from ansari_whatsapp.inbox.dynamodb.attributes import Item, get_fields, number, packed, text
from ansari_whatsapp.inbox.dynamodb.box import Box, last
from ansari_whatsapp.inbox.dynamodb.box_writes import go_on_to_next, lease_box, pop_first, set_progress
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.cleaning import Cleaner
from ansari_whatsapp.inbox.dynamodb.client import ConditionFailed
from ansari_whatsapp.inbox.dynamodb.markers import Markers, is_end
from ansari_whatsapp.inbox.dynamodb.names import Names, ended, waits
from ansari_whatsapp.inbox.dynamodb.write import Write


@dataclass
class _Lease:
    """A lease of a user's box. `due` is when the box is due once the lease has been returned."""

    user: str
    due: float = 0.0


class Leases:
    """The leases that this instance holds, each of one user's box.

    `lease_user`, `extend`, `save`, `retry`, `give_back` and `finish` are those of the Inbox protocol. A user is given
    as a hash.
    """

    def __init__(
        self, names: Names, boxes: Boxes, markers: Markers, cleaner: Cleaner, clock: Callable[[], float]
    ) -> None:
        self._names = names
        self._boxes = boxes
        self._markers = markers
        self._cleaner = cleaner
        self._clock = clock
        self._held: dict[str, _Lease] = {}  # by their tokens

    @property
    def held(self) -> Collection[str]:
        """The tokens of the leases that this instance holds."""
        return tuple(self._held)

    async def lease_user(self, user: str, now: float, until: float) -> Turn:
        token = secrets.token_urlsafe(9)
        write = Write()
        lease_box(write, token, until, now, first=False)
        write.when(write.exists("ids"), write.size("ids", ">", 0), write.compare("due", "<=", number(now)))
        answer = await self._boxes.apply(write, user, "ALL_NEW")
        if isinstance(answer, ConditionFailed):
            box = Box(answer.item)
            if box.own != token:
                if answer.item and not box.ids and box.due <= now:
                    await self._cleaner.clean(user, now)
                return Turn(due=box.due if box.ids else None)
        else:
            box = Box(answer)
        self._held[token] = _Lease(user)
        return await self._open(user, box, now)

    async def take(self, user: str, box: Box, marker: Item | None) -> Job | None:
        """Return the first job of a box that a put has leased; if its marker shows that it has ended, the next job."""
        job = box.job(marker)
        self._held[job.lease] = _Lease(user)
        if not is_end(marker):
            return job
        try:
            following = await self._pop(job, user, box.first, box, None)
        except LeaseLost:  # another lessee takes it off
            return None
        return await self._next(user, following)

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
        self._note_due(job, at)
        write = Write()
        write.set("due", number(at))
        set_progress(write, job)
        if job.state is State.ANSWERED:
            write.set("ans", packed(job.parts))
        write.remove("own", "held")
        await self._update(job, write)
        self._held.pop(job.lease, None)

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        self._note_due(job, at)
        write = Write()
        write.set("due", number(max(at, self._clock())))
        write.remove("own", "held")
        await self._update(job, write)
        self._held.pop(job.lease, None)

    async def release(self, token: str, now: float) -> None:
        """Return a held lease by its token, whatever its job is. Raises ConditionFailed if it has ended.

        Where a `retry` or `give_back` did not succeed, the box is due when that call wanted it to be.
        """
        lease = self._held[token]
        write = Write()
        write.set("due", number(max(now, lease.due)))
        write.remove("own", "held")
        write.when(write.compare("own", "=", text(token)))
        answer = await self._boxes.apply(write, lease.user)
        self._held.pop(token, None)
        if isinstance(answer, ConditionFailed):
            raise answer

    async def finish(self, job: Job, state: State) -> Job | None:
        user, name = self._names.user(job.message.user), self._names.message(job.message.wamid)
        following = await self._pop(job, user, name, None, state)
        self._cleaner.note_end(name)
        return await self._next(user, following)

    def _note_due(self, job: Job, at: float) -> None:
        if job.lease in self._held:
            self._held[job.lease].due = at

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
            marker = await self._markers.read(user, following.first)
            job = following.job(marker)
            if is_end(marker):
                following = await self._pop(job, user, following.first, following, None)
            elif following.not_before > now:
                await self.retry(job, following.not_before)
                return Turn(due=following.not_before)
            else:
                return Turn(job)
        return Turn()

    async def _next(self, user: str, box: Box | None) -> Job | None:
        return None if box is None else (await self._open(user, box, self._clock())).job

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
            answer = await self._boxes.apply_with_room(write, user, "ALL_NEW")
            if not isinstance(answer, ConditionFailed):
                box = Box(answer)
                break
            box = known = Box(answer.item)
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

    async def _update(self, job: Job, write: Write, *, changes: bool = False) -> None:
        """Write to the box of a leased job. Raises LeaseLost; Changed, if that is what the condition is about."""
        user, name = self._names.user(job.message.user), self._names.message(job.message.wamid)
        write.when(write.compare("own", "=", text(job.lease)), write.compare("ids[0]", "=", text(name)))
        answer = await self._boxes.apply_with_room(write, user)
        if not isinstance(answer, ConditionFailed):
            return
        box = Box(answer.item)
        if changes and box.own == job.lease and box.first == name:
            raise Changed(box.job())
        self._held.pop(job.lease, None)
        raise LeaseLost(job.message.wamid)
