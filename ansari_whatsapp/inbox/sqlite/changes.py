"""Edits and withdrawals of messages, which count until the first part of the answer is being sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import orjson


def change(db: sqlite3.Connection, changes: Sequence[tuple[str, str | None, float]]) -> list[bool]:
    """Change messages: (wamid, new text, now) for each, the text None if it is withdrawn.

    A change of a message that did not come yet is kept for it. Returns for each whether it was not too late: False if
    the answer is being sent or was sent.
    """
    return [_change(db, wamid, text, now) for wamid, text, now in changes]


def change_early(db: sqlite3.Connection, wamids: Sequence[str], now: float) -> None:
    """Change messages that were just stored, and whose changes came before them."""
    for wamid, text in db.execute(_EARLY, (orjson.dumps(wamids).decode(),)).fetchall():
        db.execute("DELETE FROM early WHERE wamid = ?", (wamid,))
        _change(db, wamid, text, now)


def _change(db: sqlite3.Connection, wamid: str, text: str | None, now: float) -> bool:
    row = db.execute(_BEGUN, (wamid,)).fetchone()
    if row is None:
        db.execute(_KEEP, (wamid, text, now))
        return True
    seq, begun = row
    if begun is None or begun:  # it is no job any more, or its answer is being sent
        return False
    db.execute(_CHANGE, (text, text is None, seq))
    return True


_BEGUN: Final = """
SELECT seq, state = 'answered' AND (sent > 0 OR owner <> '') FROM known LEFT JOIN job USING (seq) WHERE wamid = ?
"""
# A withdrawal is final, in whichever order the changes come.
_CHANGE: Final = """
UPDATE job SET text = CASE WHEN withdrawn THEN NULL ELSE ? END, withdrawn = withdrawn OR ?, edits = edits + 1,
    state = CASE state WHEN 'answered' THEN 'received' ELSE state END, parts = '[]', failed = 0, status = NULL,
    unsure = 0
WHERE seq = ?
"""
_KEEP: Final = """
INSERT INTO early (wamid, text, at) VALUES (?, ?, ?)
ON CONFLICT (wamid) DO UPDATE SET text = CASE WHEN text IS NULL THEN NULL ELSE excluded.text END, at = excluded.at
"""
_EARLY: Final = "SELECT wamid, text FROM early WHERE wamid IN (SELECT value FROM json_each(?))"
