"""The inbox's operations on its tables, each inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import (
    AGAIN,
    KEEP_DEAD,
    KEEP_SENT,
    REMEMBER,
    DeadLetter,
    InboxFull,
    InboxUnavailable,
    Job,
    State,
)
from ansari_whatsapp.webhook import Message

NOT_YET: Final = 1e12  # `due` of a message whose user has an earlier one
FORGET_AT_ONCE: Final = 1000  # every few seconds, and Meta sends 80 a second at the most


class Rows:
    """The operations for one `owner` of leases. Each takes the arguments of several requests at once."""

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        self.owner = ""
        self._capacity = capacity
        self._clock = clock

    def put(self, db: sqlite3.Connection, batches: Sequence[Sequence[Message]]) -> list[int | InboxFull]:
        """Store batches, each whole or not at all. Returns for each how many of its messages are new."""
        all_of_them = [message for batch in batches for message in batch]
        known = _found(db, _KNOWN, (message.wamid for message in all_of_them))
        room = self._capacity - _count(db)
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
        now = self._clock()
        self._add(db, [(Job(message), now) for message in accepted])
        return outcomes

    def lease(self, db: sqlite3.Connection, spans: Sequence[tuple[float, float]]) -> list[Job | None]:
        """Lease a due job for each (now, until)."""
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

    def resend(self, db: sqlite3.Connection, asked: Sequence[tuple[str, int, float]]) -> list[bool]:
        """Queue parts again. Returns for each (wamid, part, at) whether the part became a job."""
        return [self._resend(db, *each) for each in asked]

    def withdraw(self, db: sqlite3.Connection, wamids: Sequence[str]) -> list[bool]:
        return [self._withdraw(db, wamid) for wamid in wamids]

    def amend(self, db: sqlite3.Connection, edits: Sequence[tuple[str, str]]) -> list[bool]:
        change = f"UPDATE job SET text = ? WHERE {_NOT_BEGUN}"  # noqa: S608 -- a constant of this file
        return [db.execute(change, (text, wamid)).rowcount > 0 for wamid, text in edits]

    def waiting(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
        return [_count(db)] * len(asked)

    def given_up(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
        return [db.execute("SELECT count(*) FROM dead").fetchone()[0]] * len(asked)

    def oldest(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[float | None]:
        return [db.execute("SELECT min(seen) FROM job JOIN known USING (seq)").fetchone()[0]] * len(asked)

    def dead(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[list[DeadLetter]]:
        rows = db.execute(
            "SELECT wamid, user, kind, text, timestamp, died, parts, sent FROM dead ORDER BY died"
        ).fetchall()
        letters = [DeadLetter(Message(*row[:5]), row[5], tuple(orjson.loads(row[6])), row[7]) for row in rows]
        return [letters] * len(asked)

    def replay(self, db: sqlite3.Connection, wamids: Sequence[str]) -> list[bool]:
        return [self._replay(db, wamid) for wamid in wamids]

    def release(self, db: sqlite3.Connection, owners: Sequence[str]) -> list[None]:
        """Return the leases of these owners; their jobs are due before all others."""
        for owner in owners:
            db.execute("UPDATE job SET due = 0, owner = '' WHERE owner = ?", (owner,))
        return [None] * len(owners)

    def owners(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[list[str]]:
        """Return the owners of leases."""
        rows = db.execute("SELECT DISTINCT owner FROM job WHERE owner <> ''").fetchall()
        return [[row[0] for row in rows]] * len(asked)

    def forget(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[None]:
        """Delete some of the expired wamids, oldest first, and other expired rows."""
        now = self._clock()
        db.execute("DELETE FROM sent WHERE at <= ?", (now - KEEP_SENT,))
        db.execute("DELETE FROM dead WHERE died < ?", (now - KEEP_DEAD,))
        db.execute(
            "DELETE FROM known WHERE seq IN (SELECT seq FROM known ORDER BY seq LIMIT ?) AND seen < ?"
            " AND seq NOT IN (SELECT seq FROM job)",
            (FORGET_AT_ONCE, now - REMEMBER),
        )
        return [None] * len(asked)

    def _add(self, db: sqlite3.Connection, jobs: Sequence[tuple[Job, float]]) -> None:
        """Add jobs, each due at its time unless its user has an earlier job."""
        now = self._clock()
        busy = _found(db, _BUSY, (job.message.user for job, _ in jobs))
        first = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM known").fetchone()[0]
        db.executemany(
            "INSERT INTO known VALUES (?, ?, ?)",
            [(n, job.message.wamid, now) for n, (job, _) in enumerate(jobs, first)],
        )
        rows = []
        for n, (job, at) in enumerate(jobs, first):
            _, user, kind, text, timestamp = job.message
            rows.append((n, user, kind, text, timestamp, *_progress(job), NOT_YET if user in busy else at))
            busy.add(user)
        db.executemany("INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')", rows)
        db.execute("UPDATE size SET jobs = jobs + ?", (len(jobs),))

    def _lease(self, db: sqlite3.Connection, now: float, until: float) -> Job | None:
        row = db.execute(_NEXT, (now,)).fetchone()
        if row is None:
            return None
        db.execute("UPDATE job SET due = ?, owner = ? WHERE seq = ?", (until, self.owner, row[0]))
        _, wamid, user, kind, text, timestamp, state, parts, sent, tries, failed, started = row
        message = Message(wamid, user, kind, text, timestamp)
        return Job(message, State(state), tuple(orjson.loads(parts)), sent, tries, bool(failed), started)

    def _update(self, db: sqlite3.Connection, wamid: str, what: str, *values: object) -> KeyError | None:
        # `what` is one of the constants of this file, never a value.
        done = db.execute(f"UPDATE job SET {what} WHERE {_MINE}", (*values, wamid, self.owner))  # noqa: S608
        return None if done.rowcount else KeyError(wamid)

    def _finish(self, db: sqlite3.Connection, wamid: str, state: State) -> KeyError | None:
        row = db.execute(
            f"SELECT seq, user, kind, text, timestamp, parts, sent, failed FROM job WHERE {_MINE}",  # noqa: S608
            (wamid, self.owner),
        ).fetchone()
        if row is None:
            return KeyError(wamid)
        seq, user, kind, text, timestamp, parts, sent, failed = row
        now = self._clock()
        if state is State.DONE:
            db.execute("INSERT INTO sent VALUES (?, ?, ?, ?)", (seq, user, parts, now))
        else:
            answer = ("[]", 0) if failed else (parts, sent)  # an apology is no answer
            letter = (wamid, user, kind, text, timestamp, now, *answer)
            db.execute("INSERT OR REPLACE INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?)", letter)
        self._end(db, seq, user)
        return None

    def _resend(self, db: sqlite3.Connection, wamid: str, part: int, at: float) -> bool:
        row = db.execute(_ANSWER, (wamid, wamid)).fetchone()
        name = f"{AGAIN}:{wamid}:{part}"
        if row is None or _found(db, _KNOWN, [name]):
            return False
        parts = orjson.loads(row[1])
        if not 1 <= part <= len(parts):
            return False
        self._add(db, [(Job(Message(name, row[0], AGAIN, None, None), State.ANSWERED, (parts[part - 1],)), at)])
        return True

    def _withdraw(self, db: sqlite3.Connection, wamid: str) -> bool:
        row = db.execute(f"SELECT seq, user FROM job WHERE {_NOT_BEGUN}", (wamid,)).fetchone()  # noqa: S608
        if row is not None:
            self._end(db, *row)
        return row is not None

    def _end(self, db: sqlite3.Connection, seq: int, user: str) -> None:
        """Delete a job; the user's next job is due now, unless an earlier one still is."""
        db.execute("DELETE FROM job WHERE seq = ?", (seq,))
        db.execute("UPDATE size SET jobs = jobs - 1")
        db.execute(
            "UPDATE job SET due = ? WHERE seq = (SELECT min(seq) FROM job WHERE user = ?) AND due >= ?",
            (self._clock(), user, NOT_YET),
        )

    def _replay(self, db: sqlite3.Connection, wamid: str) -> bool:
        row = db.execute(
            "SELECT wamid, user, kind, text, timestamp, parts, sent FROM dead WHERE wamid = ?", (wamid,)
        ).fetchone()
        if row is None:
            return False
        if _count(db) >= self._capacity:
            raise InboxUnavailable("the inbox is full: the dead letter stays where it is")
        db.execute("DELETE FROM dead WHERE wamid = ?", (wamid,))
        db.execute("DELETE FROM known WHERE wamid = ?", (wamid,))
        parts = tuple(orjson.loads(row[5]))
        state = State.ANSWERED if parts else State.RECEIVED
        self._add(db, [(Job(Message(*row[:5]), state, parts, row[6]), self._clock())])
        return True


_KNOWN: Final = "SELECT wamid FROM known WHERE wamid IN (SELECT value FROM json_each(?))"
_BUSY: Final = "SELECT DISTINCT user FROM job WHERE user IN (SELECT value FROM json_each(?))"
_MINE: Final = "seq = (SELECT seq FROM known WHERE wamid = ?) AND owner = ?"
_NOT_BEGUN: Final = "seq = (SELECT seq FROM known WHERE wamid = ?) AND owner = '' AND state = 'received'"
_PROGRESS: Final = "state = ?, parts = ?, sent = ?, tries = ?, failed = ?, started = ?"
_ANSWER: Final = """
SELECT user, parts FROM sent JOIN known USING (seq) WHERE wamid = ?
UNION ALL SELECT user, parts FROM job JOIN known USING (seq) WHERE wamid = ?
"""
_NEXT: Final = """
SELECT job.seq, wamid, user, kind, text, timestamp, state, parts, sent, tries, failed, started
FROM job JOIN known USING (seq) WHERE due <= ? ORDER BY due, job.seq LIMIT 1
"""


def _progress(job: Job) -> tuple[object, ...]:
    parts = orjson.dumps(job.parts).decode() if job.parts else "[]"
    return job.state.value, parts, job.sent, job.tries, job.failed, job.started


def _count(db: sqlite3.Connection) -> int:
    count: int = db.execute("SELECT jobs FROM size").fetchone()[0]
    return count


def _found(db: sqlite3.Connection, query: str, values: Iterable[str]) -> set[str]:
    return {row[0] for row in db.execute(query, (orjson.dumps(list(values)).decode(),))}
