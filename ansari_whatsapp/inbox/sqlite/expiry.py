"""Delete what has expired from all tables but that of the jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from ansari_whatsapp.inbox.base import KEEP_DEAD, KEEP_EARLY, KEEP_PROFILE, KEEP_SENT, REMEMBER

FORGET_AT_ONCE: Final = 1000  # every few seconds, and Meta sends 80 a second at the most


def forget(db: sqlite3.Connection, times: Sequence[float]) -> list[None]:
    """Delete some of the wamids that have expired by the last of these times, oldest first, and other expired rows."""
    now = max(times)
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
    return [None] * len(times)
