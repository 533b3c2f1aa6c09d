"""One thread that owns the database. Requests that come while it works share the next transaction."""

from __future__ import annotations

import asyncio
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from ansari_whatsapp.inbox.base import InboxUnavailable

MOST_AT_ONCE: Final = 1000

# Takes the arguments of all requests that came together; gives for each what to return, or the exception to raise.
Work = Callable[[sqlite3.Connection, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class _Request:
    work: Work
    argument: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any] = field(compare=False)


class Writer:
    """Group commit. `connect` opens the database, at the start and again after an error; it raises sqlite3.Error."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self.problem = ""

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        """Finish what was asked for, and close the database."""
        self._requests.put(None)
        await asyncio.to_thread(self._thread.join)

    async def run(self, work: Work, argument: Any = None) -> Any:
        """What the work gives once it is committed. Raises InboxUnavailable when it could not be."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._requests.put(_Request(work, argument, loop, future))
        return await future

    def _run(self) -> None:
        while True:
            first = self._requests.get()
            group = [] if first is None else [first]
            last = first is None
            while not last and len(group) < MOST_AT_ONCE:
                try:
                    more = self._requests.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                else:
                    group.append(more)
            _settle(group, self._outcomes(group) if group else [])
            if last:
                self._close()
                return

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


def _settle(group: Sequence[_Request], outcomes: Sequence[Any]) -> None:
    """Hand the outcomes to those who wait, each in the loop it waits in."""
    pairs = list(zip(group, outcomes, strict=True))
    for loop, settled in itertools.groupby(pairs, key=lambda pair: pair[0].loop):
        futures = [(request.future, outcome) for request, outcome in settled]
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            loop.call_soon_threadsafe(_wake, futures)


def _wake(futures: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in futures:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
