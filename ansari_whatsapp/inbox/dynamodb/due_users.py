"""Find the users whose work is due, in the index; the lease itself decides."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence

from ansari_whatsapp.inbox.base import Job
from ansari_whatsapp.inbox.dynamodb.box_writes import user_of
from ansari_whatsapp.inbox.dynamodb.cleaning import Cleaner
from ansari_whatsapp.inbox.dynamodb.index import Index
from ansari_whatsapp.inbox.dynamodb.leases import Leases


class DueUsers:
    """The users whose boxes are due. `lease` and `due` are those of the Inbox protocol."""

    def __init__(self, index: Index, cleaner: Cleaner, leases: Leases) -> None:
        self._index = index
        self._cleaner = cleaner
        self._leases = leases
        self._users: deque[str] = deque()  # of the last query, who were not tried yet

    async def lease(self, now: float, until: float) -> Job | None:
        await self._cleaner.clean_due(now)
        for _ in range(2):
            while self._users:
                turn = await self._leases.lease_user(self._users.popleft(), now, until)
                if turn.job is not None:
                    return turn.job
            users = [user_of(item) for item in await self._index.due(now)]
            random.shuffle(users)  # so that instances do not all try the same
            self._users.extend(users)
            if not self._users:
                return None
        return None

    async def due(self, now: float) -> Sequence[str]:
        await self._cleaner.clean_due(now)
        items = await self._index.due(now)
        for item in items:
            if "since" not in item:  # a box without work, which an instance without processor time could not clean
                await self._cleaner.clean(user_of(item), now)
        return [user_of(item) for item in items if "since" in item]
