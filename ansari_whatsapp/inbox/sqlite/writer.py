"""One thread that owns the database. Requests that come while it works share the next transaction."""

from __future__ import annotations

import asyncio
import itertools
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from ansari_whatsapp.inbox.base import InboxUnavailable

MOST_AT_ONCE: Final = 1000
OVERWRITE_EVERY: Final = 1.0  # seconds

# Takes the arguments of all requests that came together; gives for each what to return, or the exception to raise.
Work = Callable[[sqlite3.Connection, Sequence[Any]], Sequence[Any]]


class _Request(NamedTuple):
    work: Work
    argument: Any
    future: asyncio.Future[Any]


class Writer:
    """Group commit. `connect` opens the database, at the start and again after an error; it raises sqlite3.Error.

    Requests that arrive while the thread works are handed to it as one group afterwards, because a transaction costs
    more than what most requests ask of it. An urgent request is given up after `within` seconds.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], within: float | None = None) -> None:
        self._connect = connect
        self._within = within
        self._urgent: deque[tuple[float, asyncio.Future[Any]]] = deque()  # oldest first, each with its deadline
        self._connection: sqlite3.Connection | None = None
        self._gathered: list[_Request] = []
        self._busy = False
        self._stopped = False
        self._overwritten = 0.0
        self._groups: queue.SimpleQueue[Sequence[_Request]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self.problem = ""

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Finish what was asked for, and close the database."""
        while not self._stopped:
            with suppress(InboxUnavailable):
                await self.run(lambda _, asked: [None] * len(asked))
            self._stopped = not self._busy  # nobody has asked for anything meanwhile
        self._groups.put(())
        await asyncio.to_thread(self._thread.join)

    async def run(self, work: Work, argument: Any = None, *, urgent: bool = False) -> Any:
        """What the work gives once it is committed. Raises InboxUnavailable when it could not be.

        If it is urgent, also when it was not committed in time; it may be later.
        """
        if self._stopped:
            raise InboxUnavailable("the inbox is closed")
        future = self._loop.create_future()
        self._gathered.append(_Request(work, argument, future))
        if not self._busy:
            self._busy = True
            self._hand_over()
        if urgent and self._within is not None:
            self._urgent.append((self._loop.time() + self._within, future))
            if len(self._urgent) == 1:
                self._loop.call_later(self._within, self._give_up)
        return await future

    def _give_up(self) -> None:
        """One timer serves all: a timer for each request costs as much as reading its JSON."""
        now = self._loop.time()
        while self._urgent and self._urgent[0][0] <= now:
            _, future = self._urgent.popleft()
            if not future.done():
                future.set_exception(InboxUnavailable("it took too long"))
        if self._urgent:
            self._loop.call_at(self._urgent[0][0], self._give_up)

    def _hand_over(self) -> None:
        """Give the thread a group of the requests that were gathered."""
        group, self._gathered = self._gathered[:MOST_AT_ONCE], self._gathered[MOST_AT_ONCE:]
        self._groups.put(group)

    def _run(self) -> None:
        while group := self._groups.get():
            outcomes = self._outcomes(group)
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                self._loop.call_soon_threadsafe(self._settle, group, outcomes)
            if self._groups.empty() and time.monotonic() - self._overwritten > OVERWRITE_EVERY:
                self._overwrite()
        self._close()

    def _overwrite(self) -> None:
        """Empty the log of writes: until then it holds also what was deleted meanwhile."""
        self._overwritten = time.monotonic()
        if self._connection is not None:
            with suppress(sqlite3.Error):  # the next request meets it, too, and tells
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _settle(self, group: Sequence[_Request], outcomes: Sequence[Any]) -> None:
        self._busy = bool(self._gathered)
        if self._busy:
            self._hand_over()
        for request, outcome in zip(group, outcomes, strict=True):
            if request.future.done():
                continue
            if isinstance(outcome, Exception):
                request.future.set_exception(outcome)
            else:
                request.future.set_result(outcome)

    def _outcomes(self, group: Sequence[_Request]) -> Sequence[Any]:
        try:
            if self._connection is None:
                self._connection = self._connect()
            outcomes = _commit(self._connection, group)
        except (sqlite3.Error, OSError) as error:
            self._close()  # a file that was mended, or a disk that has room again, is found by opening it anew
            # What SQLite says never holds a value, and tells an operator what to mend.
            self.problem = f"{type(error).__name__}: {error}"
            return [InboxUnavailable(self.problem)] * len(group)
        except Exception as error:  # one request that cannot be done must not take the others with it  # noqa: BLE001
            if len(group) == 1:
                return [InboxUnavailable(type(error).__name__)]
            return [outcome for request in group for outcome in self._outcomes([request])]
        self.problem = ""
        return outcomes

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _commit(connection: sqlite3.Connection, group: Sequence[_Request]) -> Sequence[Any]:
    outcomes: list[Any] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for work, requests in itertools.groupby(group, key=lambda request: request.work):
            outcomes += work(connection, [request.argument for request in requests])
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return outcomes
