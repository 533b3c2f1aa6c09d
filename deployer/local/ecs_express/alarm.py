"""The rollback alarm of a service: the share of its answers with a status from 400 on.

Developer guide, "express-service-update": it is in alarm when the share of 4xx and 5xx answers is above 1 percent in
2 datapoints within 3 minutes. Answers of both revisions count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

DATAPOINTS, BREACHING = 3, 2
MOST_ERRORS: Final = 0.01  # the share of answers above which a datapoint breaches


def in_alarm(datapoints: Mapping[int, tuple[int, int]], latest: int) -> bool:
    """Return whether the datapoints up to the minute `latest` are in alarm. Each is errors and answers. Pure.

    A minute without answers has no datapoint, and does not breach.
    """
    minutes = range(latest - DATAPOINTS + 1, latest + 1)
    breaching = [minute for minute in minutes if _share(*datapoints.get(minute, (0, 0))) > MOST_ERRORS]
    return len(breaching) >= BREACHING


def _share(errors: int, answers: int) -> float:
    return errors / answers if answers else 0.0


class RollbackAlarm:
    """Counts the answers of a service. `minute` is how long a datapoint lasts, `now` a monotonic clock in seconds."""

    def __init__(self, minute: float, now: Callable[[], float]) -> None:
        self._minute = minute
        self._now = now
        self._datapoints: dict[int, tuple[int, int]] = {}

    def seen(self, status: int) -> None:
        """Count an answer."""
        latest = self._latest()
        errors, answers = self._datapoints.get(latest, (0, 0))
        self._datapoints[latest] = (errors + (status >= 400), answers + 1)
        self._datapoints = {minute: point for minute, point in self._datapoints.items() if minute > latest - DATAPOINTS}

    def rings(self) -> bool:
        """Return whether it is in alarm now."""
        return in_alarm(self._datapoints, self._latest())

    def _latest(self) -> int:
        return int(self._now() / self._minute)
