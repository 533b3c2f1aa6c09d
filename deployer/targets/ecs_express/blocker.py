"""What blocks a plan on ECS Express Mode only: nothing yet. Pure."""

from __future__ import annotations

from deployer.core.blocker import TargetBlocker
from deployer.core.desired import Desired
from deployer.core.observed import Observed


def plan_blockers(desired: Desired, observed: Observed) -> tuple[TargetBlocker, ...]:
    """None."""
    del desired, observed
    return ()


def describe_blocker(blocker: TargetBlocker) -> tuple[str, str]:
    """The text of a blocker. There is none whose text it could be."""
    raise AssertionError(blocker)
