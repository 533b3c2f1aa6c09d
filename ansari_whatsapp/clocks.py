"""Intervals, timeouts and numbers of tries, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ansari_whatsapp.settings import Settings

LEASE_TO_SPARE: Final = 1 / 20  # of a lease: to find and lease a job, and for what an index lags behind


@dataclass(frozen=True)
class Clocks:
    """All times in seconds.

    `lease`: the length of a lease as it is stored. A job whose process dies is continued within LEASE_SECONDS, so its
    lease ends earlier by the time that another process may take to notice that.
    `pause`: no job is started for this long after Meta has refused the token or the account.
    `busy`, `longest_busy`: nothing is sent for this long, at first and at most, when Meta limits the calls.
    `deaths`: a message is given up after this many processes died, or stopped responding, while they answered it.
    From `suspect` deaths on an instance answers it with no other suspect at the same time: the others wait for
    `suspect_pause`, and again.
    `confirm`: how long to wait for a status of a part whose sending timed out.
    `deliver`: the age up to which a message is answered.
    """

    lease: float = 60.0
    first_retry: float = 1.0
    longest_retry: float = 64.0
    pause: float = 30.0
    busy: float = 60.0
    longest_busy: float = 900.0
    tries: int = 6
    drain: float = 2.5
    at_once: int = 200
    deaths: int = 5
    suspect_pause: float = 5.0
    confirm: float = 10.0
    deliver: float = 24 * 3600.0  # Source: Meta, "Error codes", 131047: free text only within 24 hours

    @property
    def suspect(self) -> int:
        """The deaths after which a message may be what ends the processes.

        Every message that is being answered when a process ends counts a death. For its last tries each is alone, and
        the deaths that are counted then are its own: a message that ends processes is given up alone.
        """
        return max(1, self.deaths - 2)

    @classmethod
    def of(cls, settings: Settings, poll: float) -> Clocks:
        """Take the values from the settings. `poll` is the inbox's."""
        return cls(
            lease=settings.lease_seconds * (1 - LEASE_TO_SPARE) - poll,
            first_retry=settings.first_retry_seconds,
            pause=settings.pause_seconds,
            tries=settings.tries,
            deaths=settings.deaths,
            drain=settings.drain_seconds,
            at_once=settings.answers_at_once,
            confirm=settings.confirm_seconds,
        )

    def wait(self, failures: int, base: float = 2.0) -> float:
        """Return the seconds to wait before the next try, after this many failures."""
        return min(self.first_retry * base ** min(failures, 32), self.longest_retry)
