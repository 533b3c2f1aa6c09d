"""The inbox's operations on its tables, each inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import (
    AGAIN,
    KEEP_DEAD,
    KEEP_EARLY,
    KEEP_PROFILE,
    KEEP_SENT,
    REMEMBER,
    Backlog,
    Changed,
    DeadLetter,
    InboxFull,
    InboxUnavailable,
    Job,
    LeaseLost,
    Stage,
    State,
)
from ansari_whatsapp.inbox.sqlite.changes import change, change_early
from ansari_whatsapp.inbox.sqlite.columns import (
    JOB,
    LEASE,
    PROGRESS,
    lease_of,
    parts_of,
    progress_of,
    status_of,
    tag_of,
    to_job,
    to_status,
)
from ansari_whatsapp.inbox.sqlite.profiles import keep_profile
from ansari_whatsapp.inbox.tag import Tag, is_of
from ansari_whatsapp.webhook import Message, Status

NOT_YET: Final = 1e12  # added to `due` of a message whose user has an earlier one
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

    def settle(self, db: sqlite3.Connection, statuses: Sequence[tuple[Tag, Status]]) -> list[None]:
        for tag, status in statuses:
            row = db.execute(_BEING_SENT, (tag.message, tag.part)).fetchone()
            if row is not None and tag.fits(tuple(orjson.loads(row[1]))):
                db.execute("UPDATE job SET status = ? WHERE seq = ?", (status_of(status), row[0]))
        return [None] * len(statuses)

    def outcome(self, db: sqlite3.Connection, jobs: Sequence[Job]) -> list[Status | LeaseLost | None]:
        return [self._outcome(db, job) for job in jobs]

    def resend(self, db: sqlite3.Connection, asked: Sequence[tuple[Tag, float]]) -> list[bool]:
        """Queue parts again. Returns for each (tag, at) whether the part became a job."""
        return [self._resend(db, tag, at) for tag, at in asked]

    def change(self, db: sqlite3.Connection, changes: Sequence[tuple[str, str | None]]) -> list[bool]:
        """Store (wamid, new text) for each, None if the message is withdrawn. Returns whether it was not too late."""
        now = self._clock()
        return [change(db, wamid, text, now) for wamid, text in changes]

    def waiting(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
        return [_count(db)] * len(asked)

    def given_up(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
        return [db.execute("SELECT count(*) FROM dead").fetchone()[0]] * len(asked)

    def oldest(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[float | None]:
        row = db.execute("SELECT seen FROM job JOIN known USING (seq) ORDER BY job.seq LIMIT 1").fetchone()
        return [row[0] if row else None] * len(asked)

    def backlog(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[Backlog]:
        now = self._clock()
        users, jobs, *others = db.execute(_BACKLOG, {"now": now, "turn": NOT_YET}).fetchone()
        stages = dict(zip((Stage.WITH_BACKEND, Stage.BEING_SENT, Stage.RETRYING), others, strict=True))
        stages[Stage.WAITING] = jobs - sum(others)
        return [Backlog(users, stages, self.oldest(db, [None])[0])] * len(asked)

    def dead(self, db: sqlite3.Connection, numbers: Sequence[int | None]) -> list[list[DeadLetter]]:
        """Return for each number as many of the newest dead letters, all for None; oldest first."""
        return [self._dead(db, number) for number in numbers]

    def replay(self, db: sqlite3.Connection, numbers: Sequence[int]) -> list[bool | InboxUnavailable]:
        return [self._replay(db, seq) for seq in numbers]

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

    def forget(self, db: sqlite3.Connection, asked: Sequence[None]) -> list[None]:
        """Delete some of the expired wamids, oldest first, and other expired rows."""
        now = self._clock()
        db.execute("DELETE FROM sent WHERE at <= ?", (now - KEEP_SENT,))
        db.execute("DELETE FROM dead WHERE died < ?", (now - KEEP_DEAD,))
        db.execute("DELETE FROM early WHERE at <= ?", (now - KEEP_EARLY,))
        db.execute(
            "DELETE FROM profile WHERE at <= ? AND NOT EXISTS (SELECT 1 FROM job WHERE job.user = profile.user)",
            (now - KEEP_PROFILE,),
        )
        db.execute(
            "DELETE FROM known WHERE seq IN (SELECT seq FROM known ORDER BY seq LIMIT ?) AND seen < ?"
            " AND NOT EXISTS (SELECT 1 FROM job WHERE job.seq = known.seq)"
            " AND NOT EXISTS (SELECT 1 FROM dead WHERE dead.seq = known.seq)",
            (FORGET_AT_ONCE, now - REMEMBER),
        )
        return [None] * len(asked)

    def _add(self, db: sqlite3.Connection, jobs: Sequence[tuple[Job, float]]) -> None:
        """Add jobs, each due at its time but not before its user's earlier jobs are done."""
        now = self._clock()
        busy = _found(db, _BUSY, (job.message.user for job, _ in jobs))
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
        if (found := row.fetchone()) is None:
            return LeaseLost(job.message.wamid)
        seq, user, *_ = found
        now = self._clock()
        if state is not State.DONE:
            answer = ("[]", 0) if job.failed else (parts_of(job), job.sent)  # an apology is no answer
            db.execute(f"INSERT INTO dead ({_DEAD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*found, now, *answer))  # noqa: S608
        elif job.parts:
            db.execute("INSERT INTO sent (seq, user, parts, at) VALUES (?, ?, ?, ?)", (seq, user, parts_of(job), now))
        db.execute("DELETE FROM job WHERE seq = ?", (seq,))
        db.execute("UPDATE counts SET jobs = jobs - 1")
        db.execute(_FOLLOWING, (now, NOT_YET, user, NOT_YET))
        keep_profile(db, job, now)
        return None

    def _outcome(self, db: sqlite3.Connection, job: Job) -> Status | LeaseLost | None:
        row = db.execute(f"SELECT status FROM job WHERE {LEASE}", lease_of(job)).fetchone()  # noqa: S608
        if row is None:
            return LeaseLost(job.message.wamid)
        status = to_status(row[0])
        return status if status and is_of(status.tag, tag_of(job, job.sent + 1)) else None

    def _resend(self, db: sqlite3.Connection, tag: Tag, at: float) -> bool:
        row = db.execute(_ANSWER, (tag.message, tag.message)).fetchone()
        name = f"{AGAIN}:{tag.message}:{tag.part}"
        if row is None or _found(db, _KNOWN, [name]):
            return False
        parts = tuple(orjson.loads(row[1]))
        if not tag.fits(parts):
            return False
        self._add(db, [(Job(Message(name, row[0], AGAIN, None, None), State.ANSWERED, (parts[tag.part - 1],)), at)])
        return True

    def _dead(self, db: sqlite3.Connection, newest: int | None) -> list[DeadLetter]:
        rows = db.execute(_NEWEST, (-1 if newest is None else newest,)).fetchall()
        return [
            DeadLetter(str(seq), Message(wamid, user, kind, text, timestamp), died, tuple(orjson.loads(parts)), sent)
            for seq, wamid, user, kind, text, timestamp, parts, sent, died in reversed(rows)
        ]

    def _replay(self, db: sqlite3.Connection, seq: int) -> bool | InboxUnavailable:
        row = db.execute(f"SELECT {_LETTER} FROM dead JOIN known USING (seq) WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
        if row is None:
            return False
        if _count(db) >= self._capacity:
            return InboxUnavailable("the inbox is full: the dead letter stays where it is")
        _, wamid, user, kind, text, timestamp, stored, sent = row
        db.execute("DELETE FROM dead WHERE seq = ?", (seq,))
        db.execute("DELETE FROM known WHERE seq = ?", (seq,))
        parts = tuple(orjson.loads(stored))
        state = State.ANSWERED if parts else State.RECEIVED
        self._add(db, [(Job(Message(wamid, user, kind, text, timestamp), state, parts, sent), self._clock())])
        return True


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
_BEING_SENT: Final = """
SELECT seq, parts FROM job JOIN known USING (seq) WHERE wamid = ? AND state = 'answered' AND sent = ? - 1
"""
_ANSWER: Final = """
SELECT user, parts FROM sent JOIN known USING (seq) WHERE wamid = ?
UNION ALL SELECT user, parts FROM job JOIN known USING (seq) WHERE wamid = ?
"""
_BACKLOG: Final = """
SELECT count(DISTINCT user), count(*),
    count(*) FILTER (WHERE owner <> '' AND due > :now AND state <> 'answered'),
    count(*) FILTER (WHERE owner <> '' AND due > :now AND state = 'answered'),
    count(*) FILTER (WHERE owner = '' AND due > :now AND due < :turn)
FROM job
"""
_DEAD: Final = "seq, user, kind, text, timestamp, died, parts, sent"
_LETTER: Final = "seq, wamid, user, kind, text, timestamp, parts, sent"
_NEWEST: Final = f"SELECT {_LETTER}, died FROM dead JOIN known USING (seq) ORDER BY died DESC, seq DESC LIMIT ?"  # noqa: S608


def _update(db: sqlite3.Connection, job: Job, what: str, *values: object) -> LeaseLost | None:
    # `what` is one of the constants of this package, never a value.
    done = db.execute(f"UPDATE job SET {what} WHERE {LEASE}", (*values, *lease_of(job)))  # noqa: S608
    return None if done.rowcount else LeaseLost(job.message.wamid)


def _count(db: sqlite3.Connection) -> int:
    count: int = db.execute("SELECT jobs FROM counts").fetchone()[0]
    return count


def _found(db: sqlite3.Connection, query: str, values: Iterable[str]) -> set[str]:
    return {row[0] for row in db.execute(query, (_json(values),))}


def _json(values: Iterable[str]) -> str:
    return orjson.dumps(list(values)).decode()
