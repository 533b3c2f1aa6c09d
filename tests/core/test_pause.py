"""What a plan does about a pause, beside the golden cases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from deployer.core.desired import Desired, DesiredParameter
from deployer.core.observed import Observed
from deployer.core.target import ServiceStatus
from deployer.resources.planner import plan
from deployer.resources.service.change import DeployService, PauseService, ResumeService
from deployer.resources.service.pause import TAG, tag_after

MakeDesired = Callable[..., Desired]
Make = Callable[..., DesiredParameter]
CarryOut = Callable[..., Observed]


@pytest.fixture(name="desired")
def desired_fixture(make_desired: MakeDesired, parameter: Make) -> Desired:
    return make_desired(parameter("level", "DEBUG"))


@pytest.fixture(name="running")
def running_fixture(desired: Desired, carry_out: CarryOut, empty: Observed) -> Observed:
    return carry_out(plan(desired, empty), empty, desired)


def test_a_declared_pause_is_no_part_of_the_release_and_part_of_the_consent(
    desired: Desired, running: Observed
) -> None:
    with_it, without = plan(replace(desired, paused=True), running), plan(desired, running)
    assert (with_it.release, with_it.content) == (without.release, without.content)
    assert with_it.fingerprint != without.fingerprint
    assert without.empty


def test_a_service_is_paused_once_and_resumed_once(desired: Desired, running: Observed, carry_out: CarryOut) -> None:
    declared = replace(desired, paused=True)
    paused = carry_out(plan(declared, running), running, declared)
    assert paused.service is not None
    assert paused.service.status == "PAUSED"
    assert plan(declared, paused).empty
    made = plan(desired, paused)
    assert [type(change) for change in made.changes] == [ResumeService]
    resumed = carry_out(made, paused, desired)
    assert plan(desired, resumed).empty
    assert len(resumed.releases) == len(running.releases)


def test_the_pause_comes_after_everything_else(
    make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    both = make_desired(parameter("level", "DEBUG"), parameter("old", "1"))
    running = carry_out(plan(both, empty), empty, both)
    one = replace(make_desired(parameter("level", "INFO")), paused=True)
    unused = plan(one, running, prune=True)
    assert [type(change) for change in unused.changes[-2:]] == [DeployService, PauseService]
    after = carry_out(unused, running, one)
    resumed = replace(after, service=replace(after.service, status=ServiceStatus.RUNNING)) if after.service else after
    for observed in (empty, running, resumed, replace(running, service=None)):
        made = plan(one, observed, prune=True)
        assert [type(change) for change in made.changes].index(PauseService) == len(made.changes) - 1


def test_while_it_is_paused_as_declared_a_deployment_waits_and_is_agreed_to_as_such(
    desired: Desired, running: Observed, carry_out: CarryOut, make_desired: MakeDesired, parameter: Make
) -> None:
    declared = replace(desired, paused=True)
    paused = carry_out(plan(declared, running), running, declared)
    edited = replace(make_desired(parameter("level", "INFO")), paused=True)
    waits = plan(edited, paused)
    assert any(isinstance(change, DeployService) for change in waits.changes)
    assert waits.postponed
    assert not waits.blockers
    assert replace(waits, postponed="").fingerprint != waits.fingerprint
    refused = plan(replace(edited, paused=False), paused)
    assert refused.paused is not None
    assert not any(isinstance(change, ResumeService) for change in refused.changes)


@pytest.mark.parametrize(
    ("tag", "paused", "declared", "written"),
    [
        (None, True, False, None),
        (None, True, True, "manifest"),
        (None, False, False, None),
        ("manifest", True, False, "no"),
        ("manifest", True, True, None),
        ("manifest", False, False, "no"),
        ("no", True, True, "manifest"),
        ("no", False, False, None),
    ],
)
def test_an_operator_s_pause_and_resume_set_the_tag(
    running: Observed, tag: str | None, paused: bool, declared: bool, written: str | None
) -> None:
    assert running.service is not None
    live = replace(running.service, tags={TAG: tag} if tag else {})
    assert tag_after(live, paused=paused, declared=declared) == ({TAG: written} if written else {})
