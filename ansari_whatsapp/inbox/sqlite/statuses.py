"""Meta's statuses of parts that are being sent, each kept with its job."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import Job, LeaseLost
from ansari_whatsapp.inbox.sqlite.columns import LEASE, lease_of, status_of, tag_of, to_status
from ansari_whatsapp.inbox.tag import Tag, is_of
from ansari_whatsapp.webhook import Status


def settle(db: sqlite3.Connection, statuses: Sequence[tuple[Tag, Status]]) -> list[None]:
    """Keep those of parts that are being sent."""
    for tag, status in statuses:
        row = db.execute(_BEING_SENT, (tag.message, tag.part)).fetchone()
        if row is not None and tag.fits(tuple(orjson.loads(row[1]))):
            db.execute("UPDATE job SET status = ? WHERE seq = ?", (status_of(status), row[0]))
    return [None] * len(statuses)


def outcome(db: sqlite3.Connection, jobs: Sequence[Job]) -> list[Status | LeaseLost | None]:
    """Return for each leased job the status of its next part, if one came."""
    return [_outcome(db, job) for job in jobs]


def _outcome(db: sqlite3.Connection, job: Job) -> Status | LeaseLost | None:
    row = db.execute(f"SELECT status FROM job WHERE {LEASE}", lease_of(job)).fetchone()  # noqa: S608 -- a constant
    if row is None:
        return LeaseLost(job.message.wamid)
    status = to_status(row[0])
    return status if status and is_of(status.tag, tag_of(job, job.sent + 1)) else None


_BEING_SENT: Final = """
SELECT seq, parts FROM job JOIN known USING (seq) WHERE wamid = ? AND state = 'answered' AND sent = ? - 1
"""
