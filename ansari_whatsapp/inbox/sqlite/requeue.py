"""Queue again what has ended: a part that did not arrive, and a dead letter."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import AGAIN, InboxUnavailable, Job, State
from ansari_whatsapp.inbox.sqlite.jobs import Jobs, known
from ansari_whatsapp.inbox.tag import Tag
from ansari_whatsapp.webhook import Message


class Requeue:
    """Adds such jobs to the others."""

    def __init__(self, jobs: Jobs, clock: Callable[[], float]) -> None:
        self._jobs = jobs
        self._clock = clock

    def resend(self, db: sqlite3.Connection, asked: Sequence[tuple[Tag, float]]) -> list[bool]:
        """Queue parts again. Returns for each (tag, at) whether the part became a job."""
        return [self._resend(db, tag, at) for tag, at in asked]

    def replay(self, db: sqlite3.Connection, numbers: Sequence[int]) -> list[bool | InboxUnavailable]:
        """Queue dead letters by their numbers. Returns for each whether it existed."""
        return [self._replay(db, seq) for seq in numbers]

    def _resend(self, db: sqlite3.Connection, tag: Tag, at: float) -> bool:
        row = db.execute(_ANSWER, (tag.message, tag.message)).fetchone()
        name = f"{AGAIN}:{tag.message}:{tag.part}"
        if row is None or known(db, [name]):
            return False
        user, stored = row
        parts = tuple(orjson.loads(stored))
        if not tag.fits(parts):
            return False
        job = Job(Message(name, user, AGAIN, None, None), State.ANSWERED, (parts[tag.part - 1],))
        self._jobs.add(db, [(job, at)])
        return True

    def _replay(self, db: sqlite3.Connection, seq: int) -> bool | InboxUnavailable:
        row = db.execute(_LETTER, (seq,)).fetchone()
        if row is None:
            return False
        if self._jobs.room(db) <= 0:
            return InboxUnavailable("the inbox is full: the dead letter stays where it is")
        wamid, user, kind, text, timestamp, stored, sent = row
        db.execute("DELETE FROM dead WHERE seq = ?", (seq,))
        db.execute("DELETE FROM known WHERE seq = ?", (seq,))
        parts = tuple(orjson.loads(stored))
        state = State.ANSWERED if parts else State.RECEIVED
        self._jobs.add(db, [(Job(Message(wamid, user, kind, text, timestamp), state, parts, sent), self._clock())])
        return True


_ANSWER: Final = """
SELECT user, parts FROM sent JOIN known USING (seq) WHERE wamid = ?
UNION ALL SELECT user, parts FROM job JOIN known USING (seq) WHERE wamid = ?
"""
_LETTER: Final = """
SELECT wamid, user, kind, text, timestamp, parts, sent FROM dead JOIN known USING (seq) WHERE seq = ?
"""
