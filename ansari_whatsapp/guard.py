"""A rate limit per user, so that two bots cannot reply to each other indefinitely."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ansari_whatsapp.webhook import Message

HOUR: Final = 3600.0  # seconds
USERS_AT_MOST: Final = 50_000
SAME_AT_LEAST: Final = 5  # a person may well send a short word some times


class LoopGuard:
    """Answers at most `per_hour` messages of a user in an hour, and a tenth of that with the same text.

    A bot that replies to every message repeats the same text, or writes faster than people do.
    """

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_hour = per_hour
        self._same = max(SAME_AT_LEAST, per_hour // 10)
        self._clock = clock
        self._seen: OrderedDict[str, dict[str, tuple[float, int]]] = OrderedDict()  # user → wamid → when, text

    def lets_through(self, message: Message) -> bool:
        """Return whether to answer. A message that was let through before is let through again on a retry."""
        now, text = self._clock(), hash(message.text)
        before = self._seen.get(message.user, {})
        lately = {wamid: each for wamid, each in before.items() if now - each[0] < HOUR}
        self._seen[message.user] = lately
        self._seen.move_to_end(message.user)
        while len(self._seen) > USERS_AT_MOST:
            self._seen.popitem(last=False)
        if message.wamid in lately:
            return True
        if len(lately) >= self._per_hour or sum(each[1] == text for each in lately.values()) >= self._same:
            return False
        lately[message.wamid] = now, text
        return True
