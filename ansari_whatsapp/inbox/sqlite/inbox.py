"""An inbox on disk. Accepted messages survive the process, and several processes of a machine can share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ansari_whatsapp.inbox.base import Backlog, DeadLetter, InboxUnavailable, Job, PutResult, State, Turn
from ansari_whatsapp.inbox.sqlite import backlog, changes, expiry, statuses
from ansari_whatsapp.inbox.sqlite.columns import tag_of
from ansari_whatsapp.inbox.sqlite.jobs import Jobs
from ansari_whatsapp.inbox.sqlite.owner import Owner, delete_files_of_gone, is_gone
from ansari_whatsapp.inbox.sqlite.requeue import Requeue
from ansari_whatsapp.inbox.sqlite.schema import connect
from ansari_whatsapp.inbox.sqlite.writer import Writer
from ansari_whatsapp.inbox.tag import Tag

if TYPE_CHECKING:
    from ansari_whatsapp.webhook import Message, Status

LONGEST_ID: Final = 18  # digits
ASK_EVERY: Final = 2.0  # seconds between two checks whether the owners of leases are alive


class SqliteInbox:
    """See the Inbox protocol. `capacity` bounds the unfinished jobs. It owns no leases until the first `lease`.

    `put`, `settle`, `resend`, `withdraw` and `amend`, for which Meta waits, time out after `commit_seconds`.
    """

    poll = 0.5
    shared = False

    def __init__(
        self,
        path: Path,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.time,
        commit_seconds: float | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._asked = -ASK_EVERY
        self._owner: Owner | None = None
        self._owning = asyncio.Lock()
        self._jobs = Jobs(capacity, clock)
        self._requeue = Requeue(self._jobs, clock)
        self._writer = Writer(lambda: connect(path), commit_seconds)

    @property
    def problem(self) -> str:
        return self._writer.problem

    async def open(self) -> None:
        self._writer.start()
        with suppress(InboxUnavailable):
            await self.waiting()

    async def aclose(self) -> None:
        if self._owner is not None:
            with suppress(InboxUnavailable):
                await self._writer.run(self._jobs.release, self._owner.name)
        await self._writer.stop()
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        del until, room  # to lease costs little here
        return PutResult(await self._writer.run(self._jobs.put, messages, urgent=True))

    async def lease(self, now: float, until: float) -> Job | None:
        async with self._owning:
            await self._take_over()
        job: Job | None = await self._writer.run(self._jobs.lease, (now, until))
        return job

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
        await self._writer.run(self._jobs.extend, (job, until))

    async def save(self, job: Job) -> None:
        await self._writer.run(self._jobs.save, job)

    async def retry(self, job: Job, at: float) -> None:
        await self._writer.run(self._jobs.retry, (job, at))

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        await self._writer.run(self._jobs.give_back, (job, at))

    async def finish(self, job: Job, state: State) -> Job | None:
        await self._writer.run(self._jobs.finish, (job, state))
        return None

    def tag(self, job: Job, part: int) -> str:
        return tag_of(job, part)

    async def settle(self, status: Status) -> None:
        if (tag := Tag.parse(status.tag)) is not None:
            await self._writer.run(statuses.settle, (tag, status), urgent=True)

    async def outcome(self, job: Job) -> Status | None:
        status: Status | None = await self._writer.run(statuses.outcome, job)
        return status

    async def resend(self, tag: Tag, at: float) -> bool:
        new: bool = await self._writer.run(self._requeue.resend, (tag, at), urgent=True)
        return new

    async def withdraw(self, user: str, wamid: str) -> bool:
        del user  # the wamid alone finds the message
        gone: bool = await self._writer.run(changes.change, (wamid, None, self._clock()), urgent=True)
        return gone

    async def amend(self, user: str, wamid: str, text: str) -> bool:
        del user
        changed: bool = await self._writer.run(changes.change, (wamid, text, self._clock()), urgent=True)
        return changed

    async def waiting(self) -> int:
        count: int = await self._writer.run(backlog.waiting)
        return count

    async def given_up(self) -> int:
        count: int = await self._writer.run(backlog.given_up)
        return count

    async def oldest(self) -> float | None:
        when: float | None = await self._writer.run(backlog.oldest)
        return when

    async def backlog(self) -> Backlog:
        report: Backlog = await self._writer.run(backlog.read_backlog, self._clock())
        return report

    async def forget(self) -> None:
        await self._writer.run(expiry.forget, self._clock())

    async def dead(self, newest: int | None = None) -> Sequence[DeadLetter]:
        letters: Sequence[DeadLetter] = await self._writer.run(backlog.dead, newest)
        return letters

    async def replay(self, id: str) -> bool:  # noqa: A002 -- the field of DeadLetter
        if len(id) > LONGEST_ID or not (id.isascii() and id.isdecimal()):
            return False
        replayed: bool = await self._writer.run(self._requeue.replay, int(id))
        return replayed

    async def _take_over(self) -> None:
        """Become an owner, and return the leases of processes that have ended. Processes are checked at intervals."""
        if self._owner is None:
            try:
                delete_files_of_gone(self._path)
                self._owner = Owner(self._path)
            except OSError as error:
                raise InboxUnavailable(f"{type(error).__name__}: {error.strerror}") from None
            self._jobs.owner = self._owner.name
        now = self._clock()
        if not 0 <= now - self._asked < ASK_EVERY:  # also if the clock was set back
            await self._writer.run(self._jobs.take_over, partial(is_gone, self._path))
            self._asked = now
