"""The notices that the service sends to users, and how often."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from ansari_whatsapp.notice_texts import TEXTS
from ansari_whatsapp.webhook import Message

HOUR, MINUTE = 3600.0, 60.0  # seconds
USERS_AT_MOST = 50_000


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
    """Limits each notice to one per user and window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[str, Notice], tuple[float, str]] = OrderedDict()  # when, about which wamid

    def due(self, message: Message, notice: Notice) -> bool:
        """Return whether to send it now. True counts as sent, and stays true when the same message is retried."""
        now, name = self._clock(), (message.user, notice)
        last, about = self._told.get(name, (-math.inf, ""))
        if about == message.wamid:
            return True
        if now - last < notice.window:
            return False
        self._told[name] = now, message.wamid
        self._told.move_to_end(name)
        while len(self._told) > USERS_AT_MOST:
            self._told.popitem(last=False)
        return True
