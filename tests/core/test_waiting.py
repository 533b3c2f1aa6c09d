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
    "settings-edited-and-drifted": (0, 1, 1),
    "plain-variable-drifted": (0, 1, 0),
    "plain-variable-conflict": (0, 1, 1),
    "plain-variable-edited": (0, 0, 2),
    "service-gone": (0, 2, 0),  # and the plain variable it held
    "service-without-tags": (0, 1, 0),
    "role-missing": (1, 1, 0),
    "lifecycle-missing": (0, 1, 0),
    "lifecycle-keep-edited": (0, 0, 1),
    "parameter-adopted": (0, 1, 0),
    "secret-missing": (0, 1, 0),
    "secret-is-a-plain-string": (0, 1, 0),
    "generated-secret-is-a-plain-string": (0, 1, 0),
    "literal-left-by-a-failed-release": (0, 0, 2),
    "literal-left-by-a-stopped-run": (0, 0, 2),
    "first-deployment-blocked-by-a-secret": (0, 0, 10),
}
CASES = {case.folder.name: case for case in cases()}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_waits_is_told_apart(name: str) -> None:
    found = waiting(CASES[name].plan())
    assert (len(found.staged), len(found.drift), len(found.edits)) == EXPECTED[name]
