"""Every implementation of the inbox, for the tests that all of them pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from ansari_whatsapp.inbox import Inbox, MemoryInbox, SqliteInbox
from tests.ansari_whatsapp.tables import Tables


class Clock:
    """Unix seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Engine:
    """Opens inboxes on the same messages. `shared` means that several of them may be open at once.

    `by_user` means that a message is found by its user's name, so that another name finds none.
    """

    open: Callable[[int], Inbox]
    shared: bool
    by_user: bool = False

    def __call__(self, capacity: int) -> Inbox:
        return self.open(capacity)


def _memory(request: pytest.FixtureRequest, clock: Clock) -> Engine:
    del request
    only: list[Inbox] = []

    def opened(capacity: int) -> Inbox:
        if not only:
            only.append(MemoryInbox(capacity, clock))
        return only[0]

    return Engine(opened, shared=False)


def _sqlite(request: pytest.FixtureRequest, clock: Clock) -> Engine:
    path: Path = request.getfixturevalue("tmp_path") / "inbox.sqlite3"
    return Engine(lambda capacity: SqliteInbox(path, capacity, clock), shared=True)


def _dynamodb(request: pytest.FixtureRequest, clock: Clock) -> Engine:
    return _table(request.getfixturevalue("tables"), clock)


def _ministack(request: pytest.FixtureRequest, clock: Clock) -> Engine:
    return _table(request.getfixturevalue("independent_tables"), clock)


def _table(tables: Tables, clock: Clock) -> Engine:
    name = f"inbox-{next(_numbers)}"
    tables.create(name)
    return Engine(lambda capacity: tables.inbox(name, capacity, clock), shared=True, by_user=True)


_numbers = itertools.count(1)

INBOXES: Final[dict[str, Callable[[pytest.FixtureRequest, Clock], Engine]]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "dynamodb": _dynamodb,
    "ministack": _ministack,
}
