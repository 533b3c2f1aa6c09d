"""What the executor of a plan promises before it touches anything."""

from __future__ import annotations

import pytest

from deployer.core.cause import Cause, CauseKind
from deployer.resources.hold.change import LiftHold
from deployer.resources.service.change import DeployService, PauseService
from deployer.resources.ssm_parameters.change import DeleteParameter
from deployer.resources.unions import Change
from deployer.run.apply import refuse_unknown
from tests.golden.case import Case, cases


class DropTable(DeleteParameter, frozen=True):
    """A change that no released executor knows."""


def test_a_change_that_it_does_not_know_is_refused_before_the_first_one() -> None:
    known: list[Change] = [change for case in cases() for change in case.plan().changes]
    refuse_unknown(known)
    with pytest.raises(TypeError, match="DropTable"):
        refuse_unknown([*known, DropTable("/p/x", symbol="-", causes=(Cause(kind=CauseKind.UNNAMED),))])


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_the_planner_puts_last_what_must_come_after_the_proof_of_the_release(case: Case) -> None:
    """The executor applies the changes in the order of the plan."""
    after = DeleteParameter | LiftHold | PauseService
    kinds = [isinstance(change, after) for change in case.plan().changes]
    assert kinds == sorted(kinds)
    deploys = [index for index, change in enumerate(case.plan().changes) if isinstance(change, DeployService)]
    assert all(not kinds[index] for index in deploys)
