"""Wait for an operation, and report only what is new."""

from __future__ import annotations

import time
from collections.abc import Callable

from deployer.errors import StateUnknown
from deployer.targets.base import OperationSource, Progress, RunningOperation
from deployer.view.target_text import cancelled

DEADLINE = 1800.0  # seconds; a failed update with its rollback takes more than fifteen minutes
SLOWEST = 10.0  # seconds between two reads


def wait_for_operation(
    target: OperationSource, started: RunningOperation, *, fastest: float, on_poll: Callable[[], None]
) -> Progress:
    """Poll until the operation ends; `on_poll` is called at every read. Returns its result.

    `fastest` is the first pause in seconds; pauses grow by half up to ten seconds. An operation that is not listed yet
    counts as running: absence is never success. Raises StateUnknown after thirty minutes.
    """
    end, pause = time.monotonic() + DEADLINE, fastest
    while time.monotonic() < end:
        on_poll()
        progress = target.progress(started)
        if progress not in {None, Progress.RUNNING}:
            assert progress is not None
            return progress
        time.sleep(pause)
        pause = min(pause * 1.5, SLOWEST)
    described = target.description
    raise StateUnknown(
        f"operation {started.operation} has not ended after {DEADLINE / 60:.0f} minutes",
        fix=f"check the service in the {described.title} console{cancelled(described, 'an operation')}",
    )
