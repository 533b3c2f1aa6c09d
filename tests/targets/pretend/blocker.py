"""What blocks a plan on the pretend platform only, and its text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from deployer.core.blocker import TargetBlocker
from deployer.core.desired import Desired
from deployer.core.observed import Observed
from tests.targets.pretend.manifest import TITLE

MOST_TASKS: Final = 20


class FullCluster(TargetBlocker, frozen=True):
    """A cluster has no room for the tasks."""

    cluster: str
    tasks: int
    room: int


def plan_blockers(desired: Desired, observed: Observed) -> Iterator[FullCluster]:
    """The blocker of a service whose tasks do not fit into the cluster that it runs in, or will run in."""
    fixed = observed.service.fixed if observed.service else desired.fixed
    tasks = int(desired.settings.words()["most"])
    if tasks > MOST_TASKS:
        cluster = fixed.get("cluster", desired.target.fixed["cluster"])
        yield FullCluster(cluster, tasks, MOST_TASKS, line=desired.lines["service"])


def describe_blocker(blocker: TargetBlocker) -> tuple[str, str]:
    """What is wrong, and its fix."""
    assert isinstance(blocker, FullCluster)
    what = f"cluster {blocker.cluster} of {TITLE} has room for {blocker.room} tasks, not for {blocker.tasks}"
    return what, f"write at most {blocker.room} as service.tasks.most"
