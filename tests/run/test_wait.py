from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from deployer.run.wait import wait_for_operation
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.base import Progress, RunningOperation

STARTED = RunningOperation("arn", "operation")


class Scripted:
    """A target whose operation goes through given steps."""

    description = replace(APP_RUNNER, title="Scripted")

    def __init__(self, steps: Sequence[Progress | None]) -> None:
        self.steps = list(steps)

    def progress(self, started: RunningOperation) -> Progress | None:
        assert started == STARTED
        return self.steps.pop(0)


@pytest.mark.parametrize("end", [Progress.SUCCEEDED, Progress.ROLLED_BACK, Progress.FAILED])
def test_it_waits_for_an_end_and_absence_is_none(end: Progress) -> None:
    polls: list[int] = []
    target = Scripted([None, Progress.RUNNING, None, Progress.RUNNING, end])
    assert wait_for_operation(target, STARTED, fastest=0.001, on_poll=lambda: polls.append(1)) is end
    assert len(polls) == 5
