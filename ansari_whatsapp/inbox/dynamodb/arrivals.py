"""Store the messages of a webhook, each once and those of a user in order."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

from ansari_whatsapp.inbox.base import InboxFull, Job, PutResult
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.cleaning import ENDS_KEPT
from ansari_whatsapp.inbox.dynamodb.index import Index
from ansari_whatsapp.inbox.dynamodb.leases import Leases
from ansari_whatsapp.inbox.dynamodb.markers import Markers, is_end
from ansari_whatsapp.inbox.dynamodb.names import Names
from ansari_whatsapp.webhook import Message


class Arrivals:
    """Puts messages into the boxes of their users, while fewer than `capacity` users have waiting messages.

    A read of a marker, for which Meta waits, gives up after `commit_seconds`.
    """

    def __init__(
        self,
        names: Names,
        boxes: Boxes,
        markers: Markers,
        index: Index,
        leases: Leases,
        capacity: int,
        commit_seconds: float,
    ) -> None:
        self._names = names
        self._boxes = boxes
        self._markers = markers
        self._index = index
        self._leases = leases
        self._capacity = capacity
        self._commit_seconds = commit_seconds

    async def put(self, messages: Sequence[Message], until: float | None, room: int) -> PutResult:
        """See the Inbox protocol."""
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
        return PutResult(sum(new for new, _ in done), tuple(job for _, job in done if job))

    async def _put_in_order(self, messages: Sequence[Message], until: float | None) -> tuple[int, Job | None]:
        """Store the messages of one user. Returns how many are new, and the job that was leased."""
        new, leased = 0, None
        for message in messages:
            if self._index.users >= self._capacity and not await self._is_known(message):
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
        (is_new, box), marker = await asyncio.gather(
            self._boxes.append(user, message.user, name, Job(message), until=until),
            self._markers.read(user, name, self._commit_seconds),
        )
        if time.monotonic() - begin > ENDS_KEPT:  # the process slept: its end may have been written in between
            marker = await self._markers.read(user, name, self._commit_seconds)
        is_new = is_new and not is_end(marker)  # it may be delivered again long after its end
        return is_new, None if box is None else await self._leases.take(user, box, marker)
