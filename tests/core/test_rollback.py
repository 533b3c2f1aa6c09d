from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from deployer.core import rollback
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.observed import Observed, ObservedImage, ObservedParameter
from deployer.errors import Refused, UsageError
from deployer.resources.planner import plan
from deployer.targets.apprunner.settings import of_app_runner
from tests.core.test_release import history

MakeDesired = Callable[..., Desired]
Make = Callable[..., DesiredParameter]
CarryOut = Callable[..., Observed]


@pytest.mark.parametrize(
    ("outcomes", "number"),
    [(["ha", "hb"], 1), (["ha", "hb", "fc"], 2), (["ha", "hb", "ha<1", "fc"], 3), (["fa", "hb", "fc", "fd"], 2)],
)
def test_the_last_healthy_one_is_chosen(outcomes: list[str], number: int) -> None:
    assert rollback.choose(history(*outcomes), None, "staging").number == number


def test_one_that_differs_in_secrets_only_is_stepped_over_unless_they_come_back_too() -> None:
    releases = history("hb", "ha", "ha'")
    assert rollback.choose(releases, None, "staging").number == 1
    assert rollback.choose(releases, None, "staging", with_secrets=True).number == 2
    with pytest.raises(Refused, match="differ only in secrets") as refusal:
        rollback.choose(history("ha", "ha'"), None, "staging")
    assert refusal.value.fix == "bring its secrets back: just rollback staging --with-secrets"


def test_where_nothing_runs_the_last_healthy_one_is_chosen() -> None:
    assert rollback.choose(history("ha", "hb"), None, "staging", runs=False).number == 2


def test_a_number_is_taken_as_it_is() -> None:
    assert rollback.choose(history("ha", "hb", "hc"), 1, "staging").number == 1


@pytest.mark.parametrize(
    ("outcomes", "number", "error", "words"),
    [
        ([], None, Refused, "no earlier healthy release"),
        (["ha"], None, Refused, "no earlier healthy release"),
        (["ha", "hb", "ha<1"], None, Refused, "release 3, which runs, is release 1 again"),
        (["fa"], None, Refused, "no earlier healthy release"),
        (["ha", "fb"], 2, Refused, "release 2 failed"),
        (["ha", "hb"], 3, UsageError, "recorded: 1 to 2"),
        ([], 1, UsageError, "recorded: none"),
    ],
)
def test_what_is_no_place_to_go_back_to_is_refused(
    outcomes: list[str], number: int | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        rollback.choose(history(*outcomes), number, "staging")


def test_there_and_back_again(make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed) -> None:
    """A rollback is a plan like any other: carried out it leaves the old image, literals and settings."""
    old = make_desired(parameter("level", "DEBUG"), parameter("key", None, "generate:32"), parameter("gone", "x"))
    observed = carry_out(plan(old, empty), empty, old)
    new = make_desired(parameter("level", "INFO"), parameter("key", None, "generate:32"), digest="sha256:bbb")
    new = replace(new, settings=replace(of_app_runner(new), cpu=2048, memory=4096))
    observed = replace(observed, image=None)
    observed = carry_out(plan(new, observed), observed, new)
    path = new.parameters[1].path
    observed = replace(observed, parameters={**observed.parameters, path: ObservedParameter(True, 2, None)})
    back = rollback.desired_release(new, rollback.choose(observed.releases, None, "staging"), with_secrets=False)
    observed = replace(observed, image=ObservedImage("sha256:aaa", ("c0ffee", "released-staging-c0ffee")))
    made = plan(back, observed)
    assert made.rollback_to == 1
    assert made.deployment is not None
    assert made.deployment.spec.image.endswith("sha256:aaa")
    assert made.deployment.spec.settings == old.settings
    assert made.versions == {"LEVEL": 3, "KEY": 2, "GONE": 1}
    observed = carry_out(made, observed, back)
    assert plan(back, observed).empty
    assert observed.releases[-1].release.rollback_to == 1
    assert observed.releases[-1].release.literals == observed.releases[0].release.literals


def test_secrets_come_back_only_when_asked_for(
    make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
) -> None:
    old = make_desired(parameter("key", None, "generate:32"))
    observed = carry_out(plan(old, empty), empty, old)
    entry = observed.releases[0]
    assert rollback.desired_release(old, entry, with_secrets=False).parameters[0].restore is None
    restored = rollback.desired_release(old, entry, with_secrets=True).parameters[0]
    assert (restored.restore, restored.restore_by) == (1, entry.at)
