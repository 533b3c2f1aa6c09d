"""A circuit breaker: whether anything can be sent now, judged by all messages together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from ansari_whatsapp.clocks import Clocks

REFUSED_FOR: Final = 600.0  # seconds for which a refusal is reported after nothing was sent again


class Circuit:
    """Open while nothing is to be sent: Meta refuses the token or the account, or limits the number of calls.

    It also records when a message last arrived. A failure after that concerns one message; a failure without an
    arrival concerns all messages.
    """

    def __init__(self, clocks: Clocks, clock: Callable[[], float] = time.monotonic) -> None:
        self._clocks = clocks
        self._clock = clock
        self._arrived = -math.inf
        self._failures = self._busy = 0  # since then
        self._wait, self._counted_until = 0.0, -math.inf
        self._paused_until = self._busy_until = -math.inf
        self._refusal, self._refused_until = "", -math.inf

    @property
    def paused(self) -> bool:
        """Return whether Meta refuses the token or the account. Then no message is started either."""
        return self._clock() < self._paused_until

    @property
    def refused(self) -> str:
        """Return what Meta refused last, as passed to `pause`; "" after a message was sent, or after ten minutes."""
        return self._refusal if self._clock() < self._refused_until else ""

    @property
    def left(self) -> float:
        """Return the seconds until sending is allowed again; 0 if it is allowed now."""
        return max(0.0, max(self._paused_until, self._busy_until) - self._clock())

    def arrived_since(self, when: float) -> bool:
        """Return whether Meta accepted a message since `when`, on this clock."""
        return self._arrived > when

    def arrived(self) -> None:
        """Record that Meta accepted a message."""
        self._arrived = self._clock()
        self._refused_until = -math.inf
        self._failures = self._busy = 0

    def failed(self) -> float:
        """Record a failure and return how many seconds to wait. Failures during that wait count once."""
        now = self._clock()
        if now >= self._counted_until:
            self._wait = self._clocks.wait(self._failures)
            self._failures += 1
            self._counted_until = now + self._wait
        return self._wait

    def pause(self, refusal: str = "") -> None:
        """Send nothing for a while, because Meta refuses the token or the account, which `refusal` names."""
        now = self._clock()
        self._paused_until = now + self._clocks.pause
        self._refusal, self._refused_until = refusal, now + self._clocks.pause + REFUSED_FOR

    def hold(self) -> None:
        """Pause for a second: the number has sent too many messages in a second."""
        self._busy_until = max(self._busy_until, self._clock() + self._clocks.first_retry)

    def hold_long(self) -> None:
        """Pause for minutes: the application has made too many calls in an hour."""
        if self._clock() >= self._busy_until:
            self._busy_until = self._clock() + min(self._clocks.busy * 2.0**self._busy, self._clocks.longest_busy)
            self._busy += 1
