"""What waits in the inbox and what was given up, as an operator sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import Backlog, DeadLetter, Stage
from ansari_whatsapp.inbox.sqlite.jobs import NOT_YET, count
from ansari_whatsapp.webhook import Message


def waiting(db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
    return [count(db)] * len(asked)


def given_up(db: sqlite3.Connection, asked: Sequence[None]) -> list[int]:
    return [db.execute("SELECT count(*) FROM dead").fetchone()[0]] * len(asked)


def oldest(db: sqlite3.Connection, asked: Sequence[None]) -> list[float | None]:
    return [_oldest(db)] * len(asked)


def read_backlog(db: sqlite3.Connection, times: Sequence[float]) -> list[Backlog]:
    """Return the unfinished jobs by their stage at each of these times."""
    return [_backlog(db, now) for now in times]


def dead(db: sqlite3.Connection, numbers: Sequence[int | None]) -> list[list[DeadLetter]]:
    """Return for each number as many of the newest dead letters, all for None; oldest first."""
    return [_dead(db, number) for number in numbers]


def _oldest(db: sqlite3.Connection) -> float | None:
    row = db.execute("SELECT seen FROM job JOIN known USING (seq) ORDER BY job.seq LIMIT 1").fetchone()
    return row[0] if row else None


def _backlog(db: sqlite3.Connection, now: float) -> Backlog:
    users, jobs, *others = db.execute(_STAGES, {"now": now, "turn": NOT_YET}).fetchone()
    stages = dict(zip((Stage.WITH_BACKEND, Stage.BEING_SENT, Stage.RETRYING), others, strict=True))
    stages[Stage.WAITING] = jobs - sum(others)
    return Backlog(users, stages, _oldest(db))


def _dead(db: sqlite3.Connection, newest: int | None) -> list[DeadLetter]:
    rows = db.execute(_NEWEST, (-1 if newest is None else newest,)).fetchall()
    return [
        DeadLetter(str(seq), Message(wamid, user, kind, text, timestamp), died, tuple(orjson.loads(parts)), sent)
        for seq, wamid, user, kind, text, timestamp, parts, sent, died in reversed(rows)
    ]


_STAGES: Final = """
SELECT count(DISTINCT user), count(*),
    count(*) FILTER (WHERE owner <> '' AND due > :now AND state <> 'answered'),
    count(*) FILTER (WHERE owner <> '' AND due > :now AND state = 'answered'),
    count(*) FILTER (WHERE owner = '' AND due > :now AND due < :turn)
FROM job
"""
_NEWEST: Final = """
SELECT seq, wamid, user, kind, text, timestamp, parts, sent, died FROM dead JOIN known USING (seq)
ORDER BY died DESC, seq DESC LIMIT ?
"""
