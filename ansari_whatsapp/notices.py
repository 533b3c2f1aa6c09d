"""The notices that the service sends to users, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from ansari_whatsapp.inbox import Profile, SentNotice
from ansari_whatsapp.notice_texts import TEXTS
from ansari_whatsapp.short_hash import hash_text
from ansari_whatsapp.webhook import Message

HOUR, MINUTE = 3600.0, 60.0  # seconds


class Notice(Enum):
    """The notices in English; the other languages are in `notice_texts.py`."""

    MAINTENANCE = "Ansari is being maintained right now. Please try again later, or use https://ansari.chat."
    TOO_OLD = "Your message reached me too late to answer it. Please send it again if you still need an answer."
    TOO_LONG = "Your message is too long for me. Please send a shorter one."
    TOO_MANY = "You write faster than I can answer. Please wait a little, then ask again."
    TEXT_ONLY = "I can only read text for now. Please write your question as a text message."
    NOT_REGISTERED = "Sorry, I could not register you just now. Please try again in a little while."
    NO_THREAD = "Sorry, I cannot reach our conversation just now. Please try again in a little while."
    NO_ANSWER = "Sorry, I could not find an answer just now. Please ask again in a little while."
    UNEXPECTED = "Sorry, something went wrong on my side. Please try again in a little while."
    STOPPED = "Sorry, I had to stop before I could answer. Please ask again in a little while."
    ENDED_EARLY = "_(This answer ended early. Please ask again if something is missing.)_"
    CUT_SHORT = "_(The answer is longer than I can send here. Please ask about one part of it.)_"

    def text(self, language: str) -> str:
        """Return the text in this language, or in English."""
        return TEXTS.get(language, {}).get(self.name, self.value)

    @property
    def window(self) -> float:
        """The seconds in which a user gets the notice once. It is short for apologies, which invite another try."""
        return HOUR if self in {Notice.MAINTENANCE, Notice.TOO_OLD, Notice.TOO_MANY, Notice.TEXT_ONLY} else MINUTE


class Notices:
    """Limits each notice to one per user and window. It keeps nothing itself: everything is in the user's profile."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    def due(self, message: Message, notice: Notice, profile: Profile) -> tuple[bool, Profile]:
        """Return whether to send it now, and the profile after that.

        True counts as sent, and stays true when the same message is retried.
        """
        now, wamid = self._clock(), hash_text(self._key, message.wamid)
        recent = {name: each for name, each in profile.notices.items() if now - each.at < HOUR}
        last = recent.get(notice.name)
        if last is not None and last.wamid == wamid:
            return True, profile
        if last is not None and now - last.at < notice.window:
            return False, profile
        return True, replace(profile, notices={**recent, notice.name: SentNotice(int(now), wamid)})
