"""Timeouts of the emulator, and whether it takes CPU away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# AWS documents no time between SIGTERM and SIGKILL (aws/apprunner-roadmap#176). This is an assumption, and a short
# one: AWS Fargate, on which App Runner runs, gives 30 seconds.
STOP_GRACE: Final = 10.0  # seconds
# Whether an instance without a request in flight is frozen. The switch `idle_cpu` overrides it while it is on.
FROZEN_WHEN_IDLE: Final = True


@dataclass(frozen=True)
class Limits:
    """Timeouts, all in seconds.

    `start_budget`: how long a new instance may take until it listens (App Runner's guide, "Developing application
    code": five minutes; here one). `request`: the whole time of one request (same page). `drain`: how long a
    replaced instance may finish what it has; `stop_grace`: from SIGTERM to SIGKILL. `backoff` and `backoff_most`:
    the first and the longest pause before an instance is replaced again. `idle`: how long fewer instances must have
    been enough before the others are stopped; AWS does not document it. `look`: how often the load is compared with
    the number of instances. `freeze_after`: from the end of the last request or health check to the loss of CPU.
    """

    start_budget: float = 60.0
    request: float = 120.0
    drain: float = 30.0
    stop_grace: float = STOP_GRACE
    backoff: float = 0.2
    backoff_most: float = 30.0
    idle: float = 60.0
    look: float = 1.0
    freeze_after: float = 0.05
