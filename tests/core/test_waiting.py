"""What a reconcile would do, told apart, on the golden cases of the planner."""

from __future__ import annotations

import pytest

from deployer.core.waiting import waiting
from tests.golden.case import cases

EXPECTED = {
    "nothing-to-do": (0, 0, 0),
    "literal-drifted": (0, 1, 0),
    "secret-staged": (1, 0, 0),
    "literal-edited": (0, 0, 2),
    "literal-conflict": (0, 1, 1),  # the deployment brings the edit, too
    "settings-drifted": (0, 1, 0),
}
CASES = {case.folder.name: case for case in cases()}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_waits_is_told_apart(name: str) -> None:
    found = waiting(CASES[name].plan())
    assert (len(found.staged), len(found.drift), len(found.edits)) == EXPECTED[name]
