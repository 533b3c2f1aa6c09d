"""What the plan does with the parameters: those that stay, and secrets whose older value a rollback brings back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from deployer.core.desired import Desired, DesiredParameter
from deployer.core.observed import Observed, ObservedParameter
from deployer.resources.part import PlanPart, Running
from deployer.resources.ssm_parameters.blocker import LostSecretVersion
from deployer.resources.ssm_parameters.change import PutParameter
from deployer.resources.ssm_parameters.plan import plan_parameters

MakeDesired = Callable[..., Desired]
Make = Callable[..., DesiredParameter]

SECURE, PLAIN = ObservedParameter(True, 4, None), ObservedParameter(False, 4, "leaked")


def planned(desired: Desired, observed: Observed) -> PlanPart:
    return plan_parameters(desired, observed, Running())


def test_only_what_has_neither_a_change_nor_a_blocker_is_unchanged(
    make_desired: MakeDesired, parameter: Make, empty: Observed
) -> None:
    same, edited, unset, set_ = (
        parameter("same", "1"),
        parameter("edited", "2"),
        parameter("unset", None),
        parameter("set", None),
    )
    observed = {
        same.path: ObservedParameter(False, 1, "1"),
        edited.path: ObservedParameter(False, 1, "1"),
        set_.path: ObservedParameter(True, 1, None),
    }
    part = planned(make_desired(same, edited, unset, set_), replace(empty, parameters=observed))

    assert (len(part.changes), len(part.blockers), part.unchanged) == (1, 1, 2)


@pytest.mark.parametrize(
    ("found", "state", "kind", "version"),
    [
        (SECURE, "same", None, 4),
        (SECURE, "different", PutParameter, 5),
        (SECURE, "gone", LostSecretVersion, 4),
        (SECURE, None, LostSecretVersion, 4),
        (PLAIN, "same", PutParameter, 5),
        (PLAIN, "different", PutParameter, 5),
        (PLAIN, "gone", LostSecretVersion, 4),
        (None, "different", LostSecretVersion, 0),
        (None, "gone", LostSecretVersion, 0),
        (None, None, LostSecretVersion, 0),
    ],
)
def test_an_older_value_of_a_secret_is_there_already_written_again_or_lost(
    make_desired: MakeDesired,
    parameter: Make,
    empty: Observed,
    found: ObservedParameter | None,
    state: str | None,
    kind: type[object] | None,
    version: int,
) -> None:
    desired = replace(parameter("key", None), restore=2)
    observed = replace(
        empty,
        parameters={desired.path: found} if found else {},
        restorable={desired.path: state} if state else {},
    )
    part = planned(make_desired(desired), observed)

    assert [type(one) for one in (*part.changes, *part.blockers)] == ([] if kind is None else [kind])
    assert part.versions == {"KEY": version}
    assert part.unchanged == (kind is None)


@pytest.mark.parametrize(("found", "readable"), [(SECURE, False), (PLAIN, True), (None, False)])
def test_a_lost_version_says_whether_a_plain_string_is_in_its_place(
    make_desired: MakeDesired, parameter: Make, empty: Observed, found: ObservedParameter | None, readable: bool
) -> None:
    desired = replace(parameter("key", None), restore=2)
    part = planned(make_desired(desired), replace(empty, parameters={desired.path: found} if found else {}))

    assert part.blockers == (LostSecretVersion("KEY", "key", 2, readable, line=desired.line),)
