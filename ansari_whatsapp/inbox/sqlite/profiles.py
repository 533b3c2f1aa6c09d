"""The table of profiles: what is remembered of a user from message to message, as JSON."""

from __future__ import annotations

import sqlite3
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import Job, Profile, SeenMessage, SentNotice

SAME_USE: Final = 60.0  # seconds in which an unchanged profile is not written again


def keep_profile(db: sqlite3.Connection, job: Job, now: float) -> None:
    """Store the profile of a job's user. An empty profile has no row."""
    profile, user = job.profile, job.message.user
    if profile == _NOTHING:
        db.execute("DELETE FROM profile WHERE user = ?", (user,))
        return
    seen = [tuple(each) for each in profile.seen]
    told = {name: tuple(each) for name, each in profile.notices.items()}
    text = orjson.dumps((seen, told, profile.language, profile.held)).decode()
    db.execute(_KEEP, (user, text, now, SAME_USE))


def to_profile(text: str | None) -> Profile:
    """Return the stored profile; an empty one if there is no row."""
    if text is None:
        return _NOTHING
    seen, told, language, held = orjson.loads(text)
    return Profile(
        tuple(SeenMessage(*each) for each in seen), {n: SentNotice(*each) for n, each in told.items()}, language, held
    )


_NOTHING: Final = Profile()
_KEEP: Final = """
INSERT INTO profile (user, profile, at) VALUES (?, ?, ?)
ON CONFLICT (user) DO UPDATE SET profile = excluded.profile, at = excluded.at
WHERE profile <> excluded.profile OR at < excluded.at - ?
"""
