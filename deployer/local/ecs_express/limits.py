"""How long things take, and how much faster than on AWS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Waits of the platform in seconds as on AWS, of which `scale` is really waited; and limits in real seconds.

    Waits: `listed` until a new deployment is listed, `pending` until it begins, `stage` for a lifecycle stage without
    a time of its own, `task_step` for a step of a task's start, `resource` for each managed resource, `settle` from a
    rollback's last change to its end, `deleted` from the last task of a deleted service to INACTIVE. AWS documents none
    of these: they are rounded from what was seen. `minute` is one of the bake times, and of the alarm's datapoints.

    Limits, which a real process at real speed has to meet: `start_budget` until a container listens; `check_interval`
    and `check_timeout` of the target group's health checks; `drain` is its deregistration delay; `stop_grace` from
    SIGTERM to SIGKILL; `request` for a whole request, where a load balancer limits only the time without a byte;
    `backoff` and `backoff_most` are the first and the longest pause before a task is replaced again. AWS checks every
    30 seconds, which is scaled too, but not below a second.
    """

    scale: float = 1 / 360
    listed: float = 10.0
    pending: float = 5.0
    stage: float = 5.0
    task_step: float = 10.0
    resource: float = 15.0
    settle: float = 30.0
    deleted: float = 60.0
    minute: float = 60.0
    start_budget: float = 60.0
    check_interval: float = 1.0
    check_timeout: float = 5.0
    drain: float = 300.0
    stop_grace: float = 30.0
    request: float = 60.0
    backoff: float = 0.1
    backoff_most: float = 30.0

    def real(self, seconds: float) -> float:
        """Return how long a wait of AWS takes here."""
        return seconds * self.scale
