"""The jobs of the inbox: store, lease and end them. Each operation is inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import Changed, InboxFull, Job, LeaseLost, State
from ansari_whatsapp.inbox.sqlite.changes import change_early
from ansari_whatsapp.inbox.sqlite.columns import JOB, LEASE, PROGRESS, lease_of, parts_of, progress_of, to_job
from ansari_whatsapp.inbox.sqlite.profiles import keep_profile
from ansari_whatsapp.webhook import Message

NOT_YET: Final = 1e12  # added to `due` of a message whose user has an earlier one


class Jobs:
    """The operations on up to `capacity` jobs, for one `owner` of leases.

    From `put` to `take_over`, each takes the arguments of several requests at once, and returns for each of them what
    the Inbox protocol does, or the exception that it raises.
    """

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        self.owner = ""
        self._capacity = capacity
        self._clock = clock

    def put(self, db: sqlite3.Connection, batches: Sequence[Sequence[Message]]) -> list[int | InboxFull]:
        """Store batches, each whole or not at all. Returns for each how many of its messages are new."""
        all_of_them = [message for batch in batches for message in batch]
        stored = known(db, (message.wamid for message in all_of_them))
        room = self.room(db)
        outcomes: list[int | InboxFull] = []
        accepted: list[Message] = []
        for batch in batches:
            new = {message.wamid: message for message in batch if message.wamid not in stored}
            if len(new) > room:
                outcomes.append(InboxFull())
                continue
            room -= len(new)
            stored |= new.keys()
            accepted += new.values()
            outcomes.append(len(new))
        now = self._clock()
        self.add(db, [(Job(message), now) for message in accepted])
        change_early(db, [message.wamid for message in accepted], now)
        return outcomes

    def lease(self, db: sqlite3.Connection, spans: Sequence[tuple[float, float]]) -> list[Job | None]:
        """Lease a due job for each (now, until)."""
        return [self._lease(db, now, until) for now, until in spans]

    def extend(self, db: sqlite3.Connection, leases: Sequence[tuple[Job, float]]) -> list[LeaseLost | None]:
        return [_update(db, job, "due = ?", until) for job, until in leases]

    def save(self, db: sqlite3.Connection, jobs: Sequence[Job]) -> list[LeaseLost | Changed | None]:
        return [self._save(db, job) for job in jobs]

    def retry(self, db: sqlite3.Connection, jobs: Sequence[tuple[Job, float]]) -> list[LeaseLost | None]:
        return [self._retry(db, job, at) for job, at in jobs]

    def give_back(self, db: sqlite3.Connection, jobs: Sequence[tuple[Job, float]]) -> list[LeaseLost | None]:
        return [_update(db, job, "due = ?, owner = ''", at) for job, at in jobs]

    def finish(self, db: sqlite3.Connection, ends: Sequence[tuple[Job, State]]) -> list[LeaseLost | None]:
        return [self._finish(db, job, state) for job, state in ends]

    def release(self, db: sqlite3.Connection, owners: Sequence[str]) -> list[None]:
        """Return the leases of these owners; their jobs are due before all others."""
        db.executemany(f"UPDATE job SET {_FREE} WHERE {_OWNED}", [(owner,) for owner in owners])  # noqa: S608
        return [None] * len(owners)

    def take_over(self, db: sqlite3.Connection, tests: Sequence[Callable[[str], bool]]) -> list[None]:
        """Return the leases of other owners that a test finds to be gone; each counts a death."""
        others = db.execute("SELECT DISTINCT owner FROM job WHERE owner <> '' AND owner <> ?", (self.owner,)).fetchall()
        gone = [other for other in others if any(is_gone(other[0]) for is_gone in tests)]
        db.executemany(f"UPDATE job SET {_FREE}, deaths = deaths + 1 WHERE {_OWNED}", gone)  # noqa: S608
        return [None] * len(tests)

    def room(self, db: sqlite3.Connection) -> int:
        """Return how many more jobs may be stored."""
        return self._capacity - count(db)

    def add(self, db: sqlite3.Connection, jobs: Sequence[tuple[Job, float]]) -> None:
        """Add jobs, each due at its time but not before its user's earlier jobs are done."""
        now = self._clock()
        busy = _select(db, _BUSY, (job.message.user for job, _ in jobs))
        first = db.execute("SELECT seq + 1 FROM counts").fetchone()[0]
        db.executemany(
            "INSERT INTO known (seq, wamid, seen) VALUES (?, ?, ?)",
            [(n, job.message.wamid, now) for n, (job, _) in enumerate(jobs, first)],
        )
        rows = []
        for n, (job, at) in enumerate(jobs, first):
            _, user, kind, text, timestamp = job.message
            progress = progress_of(job)[1:]
            rows.append((n, user, kind, text, timestamp, *progress, at + NOT_YET if user in busy else at))
            busy.add(user)
        db.executemany(_INSERT, rows)
        db.execute("UPDATE counts SET jobs = jobs + ?, seq = seq + ?", (len(jobs), len(jobs)))

    def _lease(self, db: sqlite3.Connection, now: float, until: float) -> Job | None:
        row = db.execute(_NEXT, (now,)).fetchone()
        if row is None:
            return None
        *_, seq, lease, deaths = row
        db.execute(
            "UPDATE job SET due = ?, owner = ?, lease = ?, deaths = ? WHERE seq = ?",
            (until, self.owner, lease, deaths, seq),
        )
        return to_job(row)

    def _save(self, db: sqlite3.Connection, job: Job) -> LeaseLost | Changed | None:
        first_answer = job.state is State.ANSWERED and not job.sent
        survived = job.state is State.ANSWERED
        done = db.execute(_SAVE, (*progress_of(job), survived, *lease_of(job), first_answer, job.edits, job.withdrawn))
        if done.rowcount:
            keep_profile(db, job, self._clock())
            return None
        row = db.execute(_LEASED, lease_of(job)).fetchone()
        return Changed(to_job(row)) if row else LeaseLost(job.message.wamid)

    def _retry(self, db: sqlite3.Connection, job: Job, at: float) -> LeaseLost | None:
        lost = _update(db, job, f"{PROGRESS}, deaths = 0, due = ?, owner = ''", *progress_of(job), at)
        if lost is None:
            keep_profile(db, job, self._clock())
        return lost

    def _finish(self, db: sqlite3.Connection, job: Job, state: State) -> LeaseLost | None:
        row = db.execute(f"SELECT seq, user, kind, text, timestamp FROM job WHERE {LEASE}", lease_of(job))  # noqa: S608
        if (letter := row.fetchone()) is None:
            return LeaseLost(job.message.wamid)
        seq, user, *_ = letter
        now = self._clock()
        if state is not State.DONE:
            answer = ("[]", 0) if job.failed else (parts_of(job), job.sent)  # an apology is no answer
            db.execute(f"INSERT INTO dead ({_DEAD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*letter, now, *answer))  # noqa: S608
        elif job.parts:
            db.execute("INSERT INTO sent (seq, user, parts, at) VALUES (?, ?, ?, ?)", (seq, user, parts_of(job), now))
        db.execute("DELETE FROM job WHERE seq = ?", (seq,))
        db.execute("UPDATE counts SET jobs = jobs - 1")
        db.execute(_FOLLOWING, (now, NOT_YET, user, NOT_YET))
        keep_profile(db, job, now)
        return None


_KNOWN: Final = "SELECT wamid FROM known WHERE wamid IN (SELECT value FROM json_each(?))"
_BUSY: Final = "SELECT DISTINCT user FROM job WHERE user IN (SELECT value FROM json_each(?))"
_INSERT: Final = """
INSERT INTO job (seq, user, kind, text, timestamp, state, parts, sent, tries, failed, started, unsure, due, owner)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
"""
_JOBS: Final = "job JOIN known USING (seq) LEFT JOIN profile USING (user)"
_NEXT: Final = f"""
SELECT {JOB}, lease + 1, deaths + (owner <> '') FROM {_JOBS} WHERE due <= ? ORDER BY due, job.seq LIMIT 1
"""  # noqa: S608 -- constants, as in all the texts of this file
_LEASED: Final = f"SELECT {JOB}, lease, deaths FROM {_JOBS} WHERE {LEASE}"  # noqa: S608
_FREE: Final = "due = 0, owner = ''"
_OWNED: Final = "owner = ? AND owner <> ''"  # the second half lets SQLite use the index of owners
_SAVE: Final = f"""
UPDATE job SET {PROGRESS}, deaths = CASE WHEN ? THEN 0 ELSE deaths END WHERE {LEASE}
AND NOT (? AND state <> 'answered' AND (edits <> ? OR withdrawn <> ?))
"""  # noqa: S608
_FOLLOWING: Final = """
UPDATE job SET due = max(?, due - ?) WHERE seq = (SELECT min(seq) FROM job WHERE user = ?) AND due >= ?
"""
_DEAD: Final = "seq, user, kind, text, timestamp, died, parts, sent"


def count(db: sqlite3.Connection) -> int:
    """Return the number of jobs."""
    jobs: int = db.execute("SELECT jobs FROM counts").fetchone()[0]
    return jobs


def known(db: sqlite3.Connection, wamids: Iterable[str]) -> set[str]:
    """Return those wamids that were stored before."""
    return _select(db, _KNOWN, wamids)


def _update(db: sqlite3.Connection, job: Job, what: str, *values: object) -> LeaseLost | None:
    # `what` is one of the constants of this package, never a value.
    done = db.execute(f"UPDATE job SET {what} WHERE {LEASE}", (*values, *lease_of(job)))  # noqa: S608
    return None if done.rowcount else LeaseLost(job.message.wamid)


def _select(db: sqlite3.Connection, query: str, values: Iterable[str]) -> set[str]:
    return {row[0] for row in db.execute(query, (orjson.dumps(list(values)).decode(),))}
