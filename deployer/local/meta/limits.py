"""Meta's limits: how fast a number may send, and how long after a user's last message. Each can be changed."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

PAIR_SECONDS = 6.0  # one message per pair of numbers and 6 s,
PAIR_BURST = 45  # of which 45 may be taken at once
PAIRS_AT_MOST = 20_000


@dataclass(frozen=True)
class Limits:
    """Limits. `throughput` is in messages per second, both directions; `window_seconds` since the user last wrote."""

    pair: bool = True
    throughput: int | None = 80
    window_seconds: float | None = 86_400

    def changed(self, document: object) -> Limits:
        """Return these limits with some replaced. Raises ValueError with the reason."""
        if not isinstance(document, dict):
            raise ValueError("limits are a JSON object")  # noqa: TRY004 -- one kind of error for one kind of mistake
        for name, value in document.items():
            if name not in vars(self):
                raise ValueError(f"there is no limit {name!r}: known are {', '.join(vars(self))}")
            if name == "pair":
                if not isinstance(value, bool):
                    raise ValueError("pair must be true or false")
            elif value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
                raise ValueError(f"{name} must be a number above 0, or null for no limit")
        return Limits(**{**vars(self), **document})

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class Meter:
    """Counts messages. `now` is any monotonic clock in seconds."""

    limits: Limits = field(default_factory=Limits)
    _recent: deque[float] = field(default_factory=deque)
    _pairs: OrderedDict[str, float] = field(default_factory=OrderedDict)  # user -> when the pair is at rest again

    def count(self, now: float) -> None:
        """Count a message, in either direction."""
        self._recent.append(now)
        while self._recent and (self._recent[0] <= now - 1 or len(self._recent) > 10_000):
            self._recent.popleft()

    def over_throughput(self, now: float) -> bool:
        limit = self.limits.throughput
        return limit is not None and sum(1 for when in self._recent if when > now - 1) >= limit

    def over_pair(self, user: str, now: float) -> bool:
        """Return whether one more message to this user would exceed the pair limit."""
        return self.limits.pair and self._rest(user, now) - now > PAIR_SECONDS * (PAIR_BURST - 1) + 1e-6

    def count_pair(self, user: str, now: float) -> None:
        self._pairs[user] = self._rest(user, now) + PAIR_SECONDS
        self._pairs.move_to_end(user)
        if len(self._pairs) > PAIRS_AT_MOST:
            self._pairs.popitem(last=False)

    def _rest(self, user: str, now: float) -> float:
        return max(self._pairs.get(user, now), now)
