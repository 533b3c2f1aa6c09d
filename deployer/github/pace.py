"""How long to wait before a call is repeated after a rate limit.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import time
from typing import Final, Self

import httpx

PATIENCE: Final = 90.0  # seconds, for one call with all its tries
UNSAID: Final = 60.0  # what GitHub asks for where it names no time
TROUBLE: Final = (500, 502, 503, 504)
TROUBLE_PAUSE: Final = 1.0
TROUBLE_AT_MOST: Final = 3.0


class Pause(float):
    """Seconds to wait."""

    def rest(self) -> Self:
        time.sleep(self)
        return self


def wait_for(answer: httpx.Response, waited: float, *, again: bool) -> Pause | None:
    """Return the wait before the next try; None if there should be none: no limit was met, or the wait is too long.

    `again` means that the call may be repeated even if GitHub may have executed it.
    """
    if answer.status_code in TROUBLE:
        return Pause(TROUBLE_PAUSE) if again and waited < TROUBLE_AT_MOST else None
    asked = limited(answer)
    return Pause(asked) if asked is not None and waited + asked <= PATIENCE else None


def limited(answer: httpx.Response) -> float | None:
    """Return the seconds that a rate-limited call has to wait; None if it was not limited."""
    if answer.status_code not in {403, 429}:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return max(float(after), 1.0)
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return max(float(reset) - time.time() + 1.0, 1.0) if reset.isdecimal() else UNSAID
    return UNSAID if answer.status_code == 429 or "rate limit" in answer.text.lower() else None
