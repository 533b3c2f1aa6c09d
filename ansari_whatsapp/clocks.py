"""How long, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from ansari_whatsapp.settings import Settings


@dataclass(frozen=True)
class Clocks:
    """Seconds, and how often.

    `idle` lies between two looks at the inbox when nothing wakes the worker; `pause` is how long no job is begun when
    the token or the account has to be mended, `busy` how long nothing is sent when Meta takes no more calls, and
    `longest_busy` how long at the most when that goes on; `confirm` is how long a status may take that settles whether
    a part arrived whose sending timed out; `deliver` is how old a message may be to be answered.
    """

    lease: float = 60.0
    first_retry: float = 1.0
    longest_retry: float = 64.0
    pause: float = 30.0
    busy: float = 60.0
    longest_busy: float = 900.0
    tries: int = 6
    drain: float = 25.0
    at_once: int = 200
    idle: float = 0.5
    confirm: float = 10.0
    deliver: float = 24 * 3600.0  # Source: Meta, "Error codes", 131047: free text only within 24 hours

    @classmethod
    def of(cls, settings: Settings) -> Clocks:
        """As the environment says."""
        return cls(
            lease=settings.lease_seconds,
            first_retry=settings.first_retry_seconds,
            pause=settings.pause_seconds,
            tries=settings.tries,
            drain=settings.drain_seconds,
            at_once=settings.answers_at_once,
            confirm=settings.confirm_seconds,
        )

    def wait(self, failures: int, base: float = 2.0) -> float:
        """The wait after so many failures before this one."""
        return min(self.first_retry * base ** min(failures, 32), self.longest_retry)
