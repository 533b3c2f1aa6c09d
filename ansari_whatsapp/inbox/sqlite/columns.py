"""How jobs and statuses are written into the columns of the tables, and read from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from ansari_whatsapp.inbox.base import AGAIN, Job, State
from ansari_whatsapp.inbox.sqlite.profiles import to_profile
from ansari_whatsapp.inbox.tag import Tag
from ansari_whatsapp.webhook import Message, Status

JOB: Final = """
wamid, user, kind, text, timestamp, state, parts, sent, tries, failed, started, withdrawn, edits, unsure, profile,
job.seq
"""
# A status is that of the next part, so it is deleted when that part was sent.
PROGRESS: Final = """
status = CASE WHEN sent = ? THEN status END, state = ?, parts = ?, sent = ?, tries = ?, failed = ?, started = ?,
unsure = ?
"""
LEASE: Final = "job.seq = ? AND lease = ? AND owner <> ''"


def to_job(row: Sequence[Any]) -> Job:
    """Return the job of a row of the columns JOB, the number of its lease, and how often a lease of it ended."""
    wamid, user, kind, text, timestamp, *progress, withdrawn, edits, unsure, profile, seq, lease, deaths = row
    state, parts, sent, tries, failed, started = progress
    return Job(
        Message(wamid, user, kind, text, timestamp),
        State(state),
        tuple(orjson.loads(parts)),
        sent,
        tries,
        bool(failed),
        started,
        deaths,
        bool(withdrawn),
        edits,
        bool(unsure),
        to_profile(profile),
        f"{seq}.{lease}",
    )


def progress_of(job: Job) -> tuple[object, ...]:
    """Return the values of PROGRESS."""
    return job.sent, job.state.value, parts_of(job), job.sent, job.tries, job.failed, job.started, job.unsure


def parts_of(job: Job) -> str:
    return orjson.dumps(job.parts).decode() if job.parts else "[]"


def lease_of(job: Job) -> tuple[int, int]:
    """Return the values of LEASE: the number of the job, and that of its lease."""
    seq, _, lease = job.lease.partition(".")
    return (int(seq), int(lease)) if lease else (0, 0)


def status_of(status: Status) -> str:
    return orjson.dumps(tuple(status)).decode()


def to_status(text: str | None) -> Status | None:
    """Return the status that `status_of` wrote, if there is one."""
    return Status(*orjson.loads(text)) if text else None


def tag_of(job: Job, part: int) -> str:
    """Return the tag of a part. It names no user: the wamid finds the message, and a tag may have 512 characters."""
    wamid = job.message.wamid
    return str(Tag.of(part, wamid.count(f"{AGAIN}:"), "-", wamid, job.parts))
