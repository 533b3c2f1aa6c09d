"""An inbox on disk: what was accepted survives the process, and several processes of one machine can share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ansari_whatsapp.inbox.base import DeadLetter, InboxUnavailable, Job, State
from ansari_whatsapp.inbox.owner import Owner, is_gone
from ansari_whatsapp.inbox.rows import Rows, connect
from ansari_whatsapp.inbox.writer import Writer

if TYPE_CHECKING:
    from ansari_whatsapp.webhook import Message

WITHOUT_OWNER = "nobody"


class SqliteInbox:
    """See the Inbox protocol. `capacity` bounds the unfinished jobs.

    `put` and `withdraw`, for which Meta waits, are given up after `commit_seconds`.
    """

    def __init__(
        self,
        path: Path,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.time,
        commit_seconds: float | None = None,
    ) -> None:
        self._path = path
        self._capacity = capacity
        self._within = commit_seconds
        self._clock = clock
        self._owner: Owner | None = None
        self._rows = Rows(WITHOUT_OWNER, capacity, clock)
        self._writer = Writer(lambda: connect(path))

    @property
    def problem(self) -> str:
        return self._writer.problem

    async def open(self) -> None:
        self._writer.start()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._owner = Owner(self._path)
        except OSError as error:
            self._writer.problem = f"{type(error).__name__}: {error.strerror}"
        else:
            self._rows = Rows(self._owner.name, self._capacity, self._clock)
        with suppress(InboxUnavailable):
            await self.take_over()

    async def take_over(self) -> None:
        """Give back what processes had leased that are gone."""
        owners = await self._writer.run(self._rows.owners)
        for owner in owners:
            if (self._owner is None or owner != self._owner.name) and is_gone(self._path, owner):
                await self._writer.run(self._rows.release, owner)

    async def aclose(self) -> None:
        if self._owner is not None:
            with suppress(InboxUnavailable):
                await self._writer.run(self._rows.release, self._owner.name)
        await self._writer.stop()
        if self._owner is not None:
            self._owner.close()

    async def put(self, messages: Sequence[Message]) -> int:
        new: int = await self._writer.run(self._rows.put, messages, self._within)
        return new

    async def lease(self, now: float, until: float) -> Job | None:
        job: Job | None = await self._writer.run(self._rows.lease, (now, until))
        return job

    async def extend(self, wamid: str, until: float) -> None:
        await self._writer.run(self._rows.extend, (wamid, until))

    async def save(self, job: Job) -> None:
        await self._writer.run(self._rows.save, job)

    async def retry(self, job: Job, at: float) -> None:
        await self._writer.run(self._rows.retry, (job, at))

    async def finish(self, wamid: str, state: State) -> None:
        await self._writer.run(self._rows.finish, (wamid, state))

    async def withdraw(self, wamid: str) -> bool:
        gone: bool = await self._writer.run(self._rows.withdraw, wamid, self._within)
        return gone

    async def waiting(self) -> int:
        count: int = await self._writer.run(self._rows.waiting)
        return count

    async def dead(self) -> Sequence[DeadLetter]:
        letters: Sequence[DeadLetter] = await self._writer.run(self._rows.dead)
        return letters

    async def replay(self, wamid: str) -> bool:
        found: bool = await self._writer.run(self._rows.replay, wamid)
        return found
