"""The inbox in one DynamoDB table: see box.py for its main item, and docs/explanation/inbox.md for the proof."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

from ansari_whatsapp.inbox.base import Backlog, DeadLetter, InboxUnavailable, Job, PutResult, State, Turn
from ansari_whatsapp.inbox.dynamodb.arrivals import Arrivals
from ansari_whatsapp.inbox.dynamodb.backlog import read_backlog
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.changes import change
from ansari_whatsapp.inbox.dynamodb.cleaning import Cleaner
from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.inbox.dynamodb.due_users import DueUsers
from ansari_whatsapp.inbox.dynamodb.index import Index
from ansari_whatsapp.inbox.dynamodb.leases import Leases
from ansari_whatsapp.inbox.dynamodb.markers import Markers
from ansari_whatsapp.inbox.dynamodb.names import Names
from ansari_whatsapp.inbox.dynamodb.requeue import replay, resend
from ansari_whatsapp.inbox.dynamodb.statuses import Statuses
from ansari_whatsapp.inbox.tag import Tag
from ansari_whatsapp.webhook import Message, Status

POLL: Final = 5.0  # seconds
CLOSE_WITHIN: Final = 1.0  # seconds at the end to return the leases, and again to clean: others do what is left
A_LONG_TIME: Final = 86400.0  # seconds: whatever is left is deleted now


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
        self.poll = POLL
        self._table = table
        self._clock = clock
        self._names = Names(key)
        self._boxes = Boxes(client, table, clock, commit_seconds)
        self._index = Index(client, table)
        self._markers = Markers(client, table, clock)
        self._cleaner = Cleaner(self._boxes, self._markers, clock)
        self._leases = Leases(self._names, self._boxes, self._markers, self._cleaner, clock)
        self._due_users = DueUsers(self._index, self._cleaner, self._leases)
        self._statuses = Statuses(self._names, self._boxes, self._cleaner)
        self._arrivals = Arrivals(
            self._names, self._boxes, self._markers, self._index, self._leases, capacity, commit_seconds
        )

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
        await _within(CLOSE_WITHIN, [self._leases.release(token, now) for token in self._leases.held])
        await _within(CLOSE_WITHIN, [self._cleaner.clean(user, now + A_LONG_TIME) for user in users])
        await self.client.aclose()

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        return await self._arrivals.put(messages, until, room)

    async def lease(self, now: float, until: float) -> Job | None:
        return await self._due_users.lease(now, until)

    def name_of(self, user: str) -> str:
        return self._names.user(user)

    async def due(self, now: float) -> Sequence[str]:
        return await self._due_users.due(now)

    async def lease_user(self, name: str, now: float, until: float) -> Turn:
        return await self._leases.lease_user(name, now, until)

    async def extend(self, job: Job, until: float) -> None:
        await self._leases.extend(job, until)

    async def save(self, job: Job) -> None:
        await self._leases.save(job)

    async def retry(self, job: Job, at: float) -> None:
        await self._leases.retry(job, at)

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        await self._leases.give_back(job, at)

    async def finish(self, job: Job, state: State) -> Job | None:
        return await self._leases.finish(job, state)

    def tag(self, job: Job, part: int) -> str:
        return self._statuses.tag(job, part)

    async def settle(self, status: Status) -> None:
        await self._statuses.settle(status)

    async def outcome(self, job: Job) -> Status | None:
        return await self._statuses.outcome(job)

    async def resend(self, tag: Tag, at: float) -> bool:
        return await resend(self._names, self._boxes, self._markers, tag, at)

    async def withdraw(self, user: str, wamid: str) -> bool:
        return await self._change(user, wamid, None)

    async def amend(self, user: str, wamid: str, text: str) -> bool:
        return await self._change(user, wamid, text)

    async def _change(self, user: str, wamid: str, said: str | None) -> bool:
        names = self._names.user(user), self._names.message(wamid)
        return await change(self._boxes, self._markers, *names, said)

    async def waiting(self) -> int:
        return await self._index.count()

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
        return await replay(self._boxes, self._markers, id)


async def _within(seconds: float, work: Sequence[Coroutine[Any, Any, object]]) -> None:
    """Do what can be done in this time; what fails is left."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*work, return_exceptions=True)
