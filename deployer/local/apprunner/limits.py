"""Timeouts of the emulator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Timeouts, all in seconds.

    `start_budget`: how long a new instance may take until it listens (App Runner's guide, "Developing application
    code": five minutes; here one). `request`: the whole time of one request (same page). `drain`: how long a
    replaced instance may finish what it has; `stop_grace`: from SIGTERM to SIGKILL. `backoff` and `backoff_most`:
    the first and the longest pause before an instance is replaced again.
    """

    start_budget: float = 60.0
    request: float = 120.0
    drain: float = 30.0
    stop_grace: float = 10.0
    backoff: float = 0.2
    backoff_most: float = 30.0
