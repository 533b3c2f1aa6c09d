"""The work of the users that a request names: lease it, and keep in mind what has to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Final

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.work_order import NAMES_AT_MOST
from ansari_whatsapp.worker import Worker

AFTER_FAILURE: Final = 5.0  # seconds until work is offered again, when the inbox cannot be used
NO_ROOM: Final = 1.0  # seconds until work is offered again, when an instance is at its limit


class NamedWork:
    """Leases the work of users, by the inbox's own names, and knows when the work is due that has to wait."""

    def __init__(self, inbox: Inbox, worker: Worker, circuit: Circuit) -> None:
        self._inbox = inbox
        self._worker = worker
        self._circuit = circuit
        self._later: dict[str, float] = {}  # user → when their work is due, in unix seconds

    @property
    def users(self) -> Collection[str]:
        """Return the users whose work has to wait."""
        return self._later.keys()

    @property
    def next_due(self) -> float | None:
        """Return when the first of their work is due, in unix seconds; None if none has to wait."""
        return min(self._later.values(), default=None)

    def note(self, user: str, due: float | None) -> None:
        """Note when a user's work is due again; None if nothing is left of it here."""
        if due is None:
            self._later.pop(user, None)
        else:
            self._later[user] = due

    def take_due(self, by: float) -> list[str]:
        """Return users whose work is due by then, NAMES_AT_MOST at most, and forget them."""
        users = [user for user, due in self._later.items() if due <= by][:NAMES_AT_MOST]
        for user in users:
            del self._later[user]
        return users

    async def lease(self, users: Sequence[str]) -> list[asyncio.Task[None]]:
        """Lease the work of these users; return the tasks that answer it. What has to wait is kept in mind."""
        with self._worker.room(len(users)) as room:
            tasks = await asyncio.gather(*map(self._lease_one, users[:room]))
        retry = time.time() + max(NO_ROOM, self._circuit.left)
        self._later |= dict.fromkeys(users[room:], retry)
        return [task for task in tasks if task is not None]

    async def _lease_one(self, user: str) -> asyncio.Task[None] | None:
        now = time.time()
        until = self._worker.lease_until(now)
        try:
            turn = await self._inbox.lease_user(user, now, until)
        except InboxUnavailable as error:
            log.warning("the inbox cannot be used", extra={"cause": str(error)})
            self.note(user, now + AFTER_FAILURE)
            return None
        if turn.job is not None:
            self.note(user, None)
            return self._worker.take(turn.job, until)
        self.note(user, None if turn.due is None else max(turn.due, now + NO_ROOM))
        return None
