"""An inbox on disk. Accepted messages survive the process, and several processes of a machine can share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ansari_whatsapp.inbox.base import DeadLetter, InboxUnavailable, Job, State
from ansari_whatsapp.inbox.owner import Owner, is_gone
from ansari_whatsapp.inbox.rows import Rows
from ansari_whatsapp.inbox.schema import connect
from ansari_whatsapp.inbox.writer import Writer

if TYPE_CHECKING:
    from ansari_whatsapp.webhook import Message


class SqliteInbox:
    """See the Inbox protocol. `capacity` bounds the unfinished jobs. It owns no leases until the first `lease`.

    `put` and `withdraw`, for which Meta waits, time out after `commit_seconds`.
    """

    def __init__(
        self,
        path: Path,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.time,
        commit_seconds: float | None = None,
    ) -> None:
        self._path = path
        self._owner: Owner | None = None
        self._owning = asyncio.Lock()
        self._rows = Rows(capacity, clock)
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
                await self._writer.run(self._rows.release, self._owner.name)
        await self._writer.stop()
        if self._owner is not None:
            self._owner.close()

    async def put(self, messages: Sequence[Message]) -> int:
        new: int = await self._writer.run(self._rows.put, messages, urgent=True)
        return new

    async def lease(self, now: float, until: float) -> Job | None:
        async with self._owning:
            if self._owner is None:
                await self._take_over()
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

    async def resend(self, wamid: str, part: int, at: float) -> bool:
        new: bool = await self._writer.run(self._rows.resend, (wamid, part, at), urgent=True)
        return new

    async def withdraw(self, wamid: str) -> bool:
        gone: bool = await self._writer.run(self._rows.withdraw, wamid, urgent=True)
        return gone

    async def amend(self, wamid: str, text: str) -> bool:
        changed: bool = await self._writer.run(self._rows.amend, (wamid, text), urgent=True)
        return changed

    async def waiting(self) -> int:
        count: int = await self._writer.run(self._rows.waiting)
        return count

    async def given_up(self) -> int:
        count: int = await self._writer.run(self._rows.given_up)
        return count

    async def oldest(self) -> float | None:
        when: float | None = await self._writer.run(self._rows.oldest)
        return when

    async def forget(self) -> None:
        await self._writer.run(self._rows.forget)

    async def dead(self) -> Sequence[DeadLetter]:
        letters: Sequence[DeadLetter] = await self._writer.run(self._rows.dead)
        return letters

    async def replay(self, wamid: str) -> bool:
        found: bool = await self._writer.run(self._rows.replay, wamid)
        return found

    async def _take_over(self) -> None:
        """Become an owner, and return the leases of processes that have ended."""
        try:
            owner = Owner(self._path)
        except OSError as error:
            raise InboxUnavailable(f"{type(error).__name__}: {error.strerror}") from None
        try:
            for name in await self._writer.run(self._rows.owners):
                if is_gone(self._path, name):
                    await self._writer.run(self._rows.release, name)
        except BaseException:
            owner.close()
            raise
        self._rows.owner = owner.name
        self._owner = owner
