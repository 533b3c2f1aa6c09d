"""The inbox's tables, and what is done with them inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from ansari_whatsapp.inbox.base import KEEP_DEAD, REMEMBER, DeadLetter, InboxFull, InboxUnavailable, Job, State
from ansari_whatsapp.webhook import Message

VERSION: Final = 1
NOT_YET: Final = 1e12  # `due` of a message whose user has an earlier one
FORGET_AT_ONCE: Final = 1000  # a second at the most, and Meta sends 80 at the most

SCHEMA: Final = f"""
CREATE TABLE known (seq INTEGER PRIMARY KEY, wamid TEXT NOT NULL UNIQUE, seen REAL NOT NULL);
CREATE TABLE job (
    seq INTEGER PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER,
    state TEXT NOT NULL, parts TEXT NOT NULL, sent INTEGER NOT NULL, tries INTEGER NOT NULL, failed INTEGER NOT NULL,
    started REAL, due REAL NOT NULL, owner TEXT NOT NULL
);
CREATE INDEX job_due ON job (due, seq);
CREATE INDEX job_user ON job (user, seq);
CREATE TABLE size (jobs INTEGER NOT NULL);
INSERT INTO size SELECT 0;
CREATE TABLE dead (
    wamid TEXT PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER, died REAL NOT NULL
);
CREATE INDEX dead_died ON dead (died);
PRAGMA user_version = {VERSION};
"""


def connect(path: Path) -> sqlite3.Connection:
    """The database at `path`, made if it is not there. Raises sqlite3.Error or OSError when it cannot be used.

    A commit is on the disk before it counts (synchronous=FULL), and what is deleted is overwritten.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -8000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
        connection.execute("COMMIT")
        _check(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, version: int) -> None:
    if version not in {0, VERSION}:
        raise InboxUnavailable(f"this inbox was made by another version of the service: {version}")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise InboxUnavailable(f"the inbox is damaged: {found}")


class Rows:
    """The operations, for one owner of leases. Each takes the arguments of several requests at once."""

    def __init__(self, owner: str, capacity: int, clock: Callable[[], float]) -> None:
        self._owner = owner
        self._capacity = capacity
        self._clock = clock
        self._forgot = 0.0  # unix seconds

    def put(self, db: sqlite3.Connection, batches: Sequence[Sequence[Message]]) -> list[int | InboxFull]:
        """For each batch how many of its messages are new. A batch goes in whole or not at all."""
        now = self._clock()
        if not now - 1 < self._forgot <= now:  # a look for each group would cost as much as a message
            self._forget(db, now)
        all_of_them = [message for batch in batches for message in batch]
        known = _found(db, _KNOWN, (message.wamid for message in all_of_them))
        busy = _found(db, _BUSY, (message.user for message in all_of_them))
        room = self._capacity - _count(db)
        seq = db.execute("SELECT coalesce(max(seq), 0) FROM known").fetchone()[0]
        outcomes: list[int | InboxFull] = []
        accepted: list[Message] = []
        for batch in batches:
            new = {message.wamid: message for message in batch if message.wamid not in known}
            if len(new) > room:
                outcomes.append(InboxFull())
                continue
            room -= len(new)
            known |= new.keys()
            accepted += new.values()
            outcomes.append(len(new))
        numbered = list(enumerate(accepted, seq + 1))
        db.executemany("INSERT INTO known VALUES (?, ?, ?)", [(n, m.wamid, now) for n, m in numbered])
        db.executemany(_INSERT, [_new(n, m, now, busy) for n, m in numbered])
        db.execute("UPDATE size SET jobs = jobs + ?", (len(numbered),))
        return outcomes

    def lease(self, db: sqlite3.Connection, spans: Sequence[tuple[float, float]]) -> list[Job | None]:
        """For each (now, until) a job that is due."""
        return [self._lease(db, now, until) for now, until in spans]

    def extend(self, db: sqlite3.Connection, leases: Sequence[tuple[str, float]]) -> list[KeyError | None]:
        return [self._update(db, wamid, "due = ?", until) for wamid, until in leases]

    def save(self, db: sqlite3.Connection, jobs: Sequence[Job]) -> list[KeyError | None]:
        return [self._update(db, job.message.wamid, _PROGRESS, *_progress(job)) for job in jobs]

    def retry(self, db: sqlite3.Connection, jobs: Sequence[tuple[Job, float]]) -> list[KeyError | None]:
        return [
            self._update(db, job.message.wamid, f"{_PROGRESS}, due = ?, owner = ''", *_progress(job), at)
            for job, at in jobs
        ]

    def finish(self, db: sqlite3.Connection, ends: Sequence[tuple[str, State]]) -> list[KeyError | None]:
        return [self._finish(db, wamid, state) for wamid, state in ends]

    def withdraw(self, db: sqlite3.Connection, wamids: Sequence[str]) -> list[bool]:
        return [self._withdraw(db, wamid) for wamid in wamids]

    def waiting(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
        return [_count(db)] * len(asked)

    def dead(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[list[DeadLetter]]:
        self._forget(db, self._clock())
        rows = db.execute("SELECT wamid, user, kind, text, timestamp, died FROM dead ORDER BY died").fetchall()
        return [[DeadLetter(Message(*row[:5]), row[5]) for row in rows]] * len(asked)

    def replay(self, db: sqlite3.Connection, wamids: Sequence[str]) -> list[bool]:
        return [self._replay(db, wamid) for wamid in wamids]

    def release(self, db: sqlite3.Connection, owners: Sequence[str]) -> list[None]:
        """Give back what these owners have leased."""
        for owner in owners:
            db.execute("UPDATE job SET due = ?, owner = '' WHERE owner = ?", (self._clock(), owner))
        return [None] * len(owners)

    def owners(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[list[str]]:
        """Who has leased something."""
        rows = db.execute("SELECT DISTINCT owner FROM job WHERE owner <> ''").fetchall()
        return [[row[0] for row in rows]] * len(asked)

    def _lease(self, db: sqlite3.Connection, now: float, until: float) -> Job | None:
        row = db.execute(_NEXT, (now,)).fetchone()
        if row is None:
            return None
        db.execute("UPDATE job SET due = ?, owner = ? WHERE seq = ?", (until, self._owner, row[0]))
        _, wamid, user, kind, text, timestamp, state, parts, sent, tries, failed, started = row
        message = Message(wamid, user, kind, text, timestamp)
        return Job(message, State(state), tuple(json.loads(parts)), sent, tries, bool(failed), started)

    def _update(self, db: sqlite3.Connection, wamid: str, what: str, *values: object) -> KeyError | None:
        # `what` is one of the constants of this file, never a value.
        done = db.execute(f"UPDATE job SET {what} WHERE {_MINE}", (*values, wamid, self._owner))  # noqa: S608
        return None if done.rowcount else KeyError(wamid)

    def _finish(self, db: sqlite3.Connection, wamid: str, state: State) -> KeyError | None:
        row = db.execute(
            f"SELECT seq, user, kind, text, timestamp FROM job WHERE {_MINE}",  # noqa: S608
            (wamid, self._owner),
        ).fetchone()
        if row is None:
            return KeyError(wamid)
        if state is State.FAILED:
            db.execute("INSERT OR REPLACE INTO dead VALUES (?, ?, ?, ?, ?, ?)", (wamid, *row[1:], self._clock()))
        self._end(db, row[0], row[1])
        return None

    def _withdraw(self, db: sqlite3.Connection, wamid: str) -> bool:
        where = "seq = (SELECT seq FROM known WHERE wamid = ?) AND owner = '' AND state = 'received'"
        row = db.execute(f"SELECT seq, user FROM job WHERE {where}", (wamid,)).fetchone()  # noqa: S608
        if row is not None:
            self._end(db, *row)
        return row is not None

    def _end(self, db: sqlite3.Connection, seq: int, user: str) -> None:
        """Delete a job; the user's next one is due now, unless an earlier one still is."""
        db.execute("DELETE FROM job WHERE seq = ?", (seq,))
        db.execute("UPDATE size SET jobs = jobs - 1")
        db.execute(
            "UPDATE job SET due = ? WHERE seq = (SELECT min(seq) FROM job WHERE user = ?) AND due >= ?",
            (self._clock(), user, NOT_YET),
        )

    def _replay(self, db: sqlite3.Connection, wamid: str) -> bool:
        row = db.execute("SELECT wamid, user, kind, text, timestamp FROM dead WHERE wamid = ?", (wamid,)).fetchone()
        if row is None:
            return False
        db.execute("DELETE FROM dead WHERE wamid = ?", (wamid,))
        db.execute("DELETE FROM known WHERE wamid = ?", (wamid,))
        outcome = self.put(db, [[Message(*row)]])[0]
        if isinstance(outcome, InboxFull):
            raise InboxUnavailable("the inbox is full: the dead letter stays where it is")
        return True

    def _forget(self, db: sqlite3.Connection, now: float) -> None:
        """Some of what is too old to be remembered; the oldest stand first."""
        self._forgot = now
        db.execute("DELETE FROM dead WHERE died < ?", (now - KEEP_DEAD,))
        db.execute(
            "DELETE FROM known WHERE seq IN (SELECT seq FROM known ORDER BY seq LIMIT ?) AND seen < ?"
            " AND seq NOT IN (SELECT seq FROM job)",
            (FORGET_AT_ONCE, now - REMEMBER),
        )


_KNOWN: Final = "SELECT wamid FROM known WHERE wamid IN (SELECT value FROM json_each(?))"
_BUSY: Final = "SELECT DISTINCT user FROM job WHERE user IN (SELECT value FROM json_each(?))"
_INSERT: Final = "INSERT INTO job VALUES (?, ?, ?, ?, ?, 'received', '[]', 0, 0, 0, NULL, ?, '')"
_MINE: Final = "seq = (SELECT seq FROM known WHERE wamid = ?) AND owner = ?"
_PROGRESS: Final = "state = ?, parts = ?, sent = ?, tries = ?, failed = ?, started = ?"
_NEXT: Final = """
SELECT job.seq, wamid, user, kind, text, timestamp, state, parts, sent, tries, failed, started
FROM job JOIN known USING (seq) WHERE due <= ? ORDER BY due, job.seq LIMIT 1
"""


def _new(seq: int, message: Message, now: float, busy: set[str]) -> tuple[object, ...]:
    due = NOT_YET if message.user in busy else now
    busy.add(message.user)
    return seq, message.user, message.kind, message.text, message.timestamp, due


def _progress(job: Job) -> tuple[object, ...]:
    parts = json.dumps(job.parts, ensure_ascii=False)
    return job.state.value, parts, job.sent, job.tries, job.failed, job.started


def _count(db: sqlite3.Connection) -> int:
    count: int = db.execute("SELECT jobs FROM size").fetchone()[0]
    return count


def _found(db: sqlite3.Connection, query: str, values: Iterable[str]) -> set[str]:
    return {row[0] for row in db.execute(query, (json.dumps(list(values)),))}
