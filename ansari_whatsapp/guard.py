"""A rate limit per user, so that two bots cannot reply to each other indefinitely."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ansari_whatsapp.inbox import Profile, SeenMessage
from ansari_whatsapp.short_hash import hash_text
from ansari_whatsapp.webhook import Message

HOUR: Final = 3600.0  # seconds
SAME_AT_LEAST: Final = 5  # a person may well send a short word some times
KEPT: Final = 60  # messages that a profile keeps at most: each write of a box in a table costs by its size


class LoopGuard:
    """Answers at most `per_hour` messages of a user in an hour, and a tenth of that with the same text.

    A bot that replies to every message repeats the same text, or writes faster than people do. The guard keeps nothing
    itself: what it has to remember is in the user's profile. That stays small: a limit above KEPT is checked as the
    same rate in a shorter time, such as 60 messages in 3.6 minutes for 1,000 in an hour.
    """

    def __init__(self, per_hour: int, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._most = min(per_hour, KEPT)
        self._seconds = HOUR * self._most / per_hour
        self._same = max(SAME_AT_LEAST, self._most // 10)
        self._key = key
        self._clock = clock

    def lets_through(self, message: Message, profile: Profile) -> tuple[bool, Profile]:
        """Return whether to answer, and the profile after that.

        A message that was let through before is let through again on a retry.
        """
        now = self._clock()
        wamid, text = hash_text(self._key, message.wamid), hash_text(self._key, message.text or "")
        seen = tuple(each for each in profile.seen if now - each.at < self._seconds)[-self._most :]
        if any(each.wamid == wamid for each in seen):
            return True, replace(profile, seen=seen)
        if len(seen) >= self._most or sum(each.text == text for each in seen) >= self._same:
            return False, replace(profile, seen=seen)
        return True, replace(profile, seen=(*seen, SeenMessage(int(now), wamid, text)))
