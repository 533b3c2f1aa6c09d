from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from deployer.core.facts import ScalingRevision, ServiceFact
from deployer.core.service import Scaling, ServiceSpec
from deployer.run.wait import wait
from deployer.targets.base import LogPlaces, Operation, Progress, Started

STARTED = Started("arn", "operation")


class Scripted:
    """A target whose operation goes through given steps."""

    def __init__(self, steps: Sequence[Progress | None]) -> None:
        self.steps = list(steps)

    def progress(self, started: Started) -> Progress | None:
        assert started == STARTED
        return self.steps.pop(0)

    def observe(self, name: str) -> tuple[ServiceFact | None, tuple[ScalingRevision, ...]]:
        raise NotImplementedError

    def newest_operation(self, arn: str) -> Operation | None:
        raise NotImplementedError

    def create_scaling(self, name: str, scaling: Scaling) -> str:
        raise NotImplementedError

    def delete_scaling(self, arn: str) -> None:
        raise NotImplementedError

    def resume(self, arn: str) -> Started | None:
        raise NotImplementedError

    def pause(self, arn: str) -> Started | None:
        raise NotImplementedError

    def restart(self, arn: str) -> Started:
        raise NotImplementedError

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        raise NotImplementedError

    def create(
        self, name: str, spec: ServiceSpec, scaling_arn: str, tags: Mapping[str, str], encryption: str
    ) -> Started:
        raise NotImplementedError

    def update(self, arn: str, spec: ServiceSpec, scaling_arn: str, kept: Mapping[str, object]) -> Started:
        raise NotImplementedError

    def delete(self, arn: str) -> Started:
        raise NotImplementedError

    def logs(self, started: Started) -> LogPlaces:
        raise NotImplementedError


@pytest.mark.parametrize("end", [Progress.SUCCEEDED, Progress.ROLLED_BACK, Progress.FAILED])
def test_it_waits_for_an_end_and_absence_is_none(end: Progress) -> None:
    looks: list[int] = []
    target = Scripted([None, Progress.RUNNING, None, Progress.RUNNING, end])
    assert wait(target, STARTED, fastest=0.001, tell=lambda: looks.append(1)) is end
    assert len(looks) == 5
