"""What a plan does on a target whose table of capabilities differs from App Runner's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from deployer.core.blocker import TargetBlocker
from deployer.core.desired import Desired, DesiredParameter, UnusedKey
from deployer.core.notice import LeftBehind
from deployer.core.observed import Observed, ObservedService
from deployer.core.target import SecretsRead, ServiceStatus
from deployer.manifest.rule import KeyReason
from deployer.resources.plan import Plan
from deployer.resources.planner import plan
from deployer.resources.service.blocker import OtherTarget, ServicePaused
from deployer.resources.service.change import DeployService, ResumeService
from deployer.resources.service.notice import IgnoredKey
from deployer.resources.service.pause import BY_MANIFEST, TAG
from deployer.resources.ssm_parameters.blocker import ParameterInUse
from deployer.resources.ssm_parameters.change import RecreateParameter
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.view.blocker_text import BlockerText, blockers
from deployer.view.plan_json import document
from deployer.view.resources.texts import describe_notice

MakeDesired = Callable[..., Desired]
Make = Callable[..., DesiredParameter]
CarryOut = Callable[..., Observed]


def on(desired: Desired, **capabilities: Any) -> Desired:
    """The same desired state, on a target with these capabilities."""
    table = replace(desired.target.capabilities, **capabilities)
    return replace(desired, target=replace(desired.target, capabilities=table))


def live(observed: Observed) -> ObservedService:
    assert observed.service is not None
    return observed.service


def paused(observed: Observed, *, by_manifest: bool = False) -> Observed:
    tags = {**live(observed).tags, **({TAG: BY_MANIFEST} if by_manifest else {})}
    return replace(observed, service=replace(live(observed), status=ServiceStatus.PAUSED, tags=tags))


def kinds(made: Plan) -> list[type]:
    return [type(change) for change in made.changes]


class Full(TargetBlocker, frozen=True):
    """A blocker that only one target has."""

    room: int


def full(desired: Desired, room: int) -> Desired:
    """The same desired state, on a target that blocks every plan."""

    def describe(blocker: TargetBlocker) -> tuple[str, str]:
        assert isinstance(blocker, Full)
        return f"room for {blocker.room}", "make room"

    target = replace(desired.target, blockers=lambda _, __: [Full(room, line="x.yaml:1")], describe_blocker=describe)
    return replace(desired, target=target)


@pytest.fixture(name="desired")
def desired_fixture(make_desired: MakeDesired, parameter: Make) -> Desired:
    return make_desired(parameter("level", "DEBUG"))


@pytest.fixture(name="running")
def running_fixture(desired: Desired, carry_out: CarryOut, empty: Observed) -> Observed:
    return carry_out(plan(desired, empty), empty, desired)


@pytest.fixture(name="edited")
def edited_fixture(make_desired: MakeDesired, parameter: Make) -> Desired:
    return on(make_desired(parameter("level", "INFO")), updates_while_paused=True)


def test_a_deployment_that_reaches_a_paused_service_ends_a_declared_pause(edited: Desired, running: Observed) -> None:
    made = plan(edited, paused(running, by_manifest=True))
    assert made.blockers == ()
    assert kinds(made)[-2:] == [DeployService, ResumeService]


def test_a_pause_by_an_operator_still_needs_the_operator_and_does_not_start_an_old_release(
    edited: Desired, running: Observed
) -> None:
    made = plan(edited, paused(running))
    assert made.blockers == (ServicePaused("demo-staging", declared=False, deploys=False, line="staging.yaml:14"),)
    assert "--old-release-first" not in blockers(made)[0].fix


def test_a_rollback_reaches_a_paused_service_unless_the_manifest_declares_the_pause(
    edited: Desired, running: Observed
) -> None:
    back = replace(edited, rollback_to=1, rollback_target=edited.target.name)
    assert plan(back, paused(running)).blockers == ()
    assert plan(replace(back, paused=True), paused(running)).paused is not None


@pytest.mark.parametrize("read", SecretsRead)
def test_a_staged_value_reaches_containers_when_the_target_reads_it(
    read: SecretsRead, make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    first = make_desired(parameter("key", None, "generate:16"))
    running = carry_out(plan(first, empty), empty, first)
    path = first.parameters[0].path
    set_again = replace(running, parameters={path: replace(running.parameters[path], version=2)})
    made = plan(on(first, secrets_read_at=read), set_again)
    [staged] = [notice for notice in made.notices if isinstance(notice, StagedVariable)]
    says = describe_notice(staged)
    if read is SecretsRead.CONTAINER_START:
        assert "containers that start read it now, those that run hold v1" in says
    else:
        assert "containers still hold v1" in says
    assert made.deployment is not None  # either way, a release that names the new version is deployed


@pytest.mark.parametrize("read", SecretsRead)
def test_no_parameter_that_starting_containers_read_is_deleted(
    read: SecretsRead, make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    first = make_desired(parameter("key", "plain"))
    running = carry_out(plan(first, empty), empty, first)
    secret = on(make_desired(parameter("key", None, "generate:16")), secrets_read_at=read)
    made = plan(secret, running)
    assert RecreateParameter in kinds(made)
    expected = (ParameterInUse("KEY", "key", line="staging.yaml:3"),) if read is SecretsRead.CONTAINER_START else ()
    assert made.blockers == expected
    fresh = plan(secret, replace(running, service=None))
    assert fresh.blockers == ()


def test_a_key_that_the_target_does_not_use_is_a_notice_and_changes_nothing(
    desired: Desired, running: Observed
) -> None:
    unused = UnusedKey("service.health_check.interval", KeyReason.SET_BY_PLATFORM, "staging.yaml:17")
    told = replace(desired, ignored=(unused,))
    for observed in (running, replace(running, service=None)):
        made = plan(told, observed)
        [notice] = [one for one in made.notices if isinstance(one, IgnoredKey)]
        assert (notice.address, notice.line) == (unused.key, unused.line)
        assert describe_notice(notice) == "not used: App Runner sets it itself"
        assert made.fingerprint == plan(desired, observed).fingerprint
    assert plan(told, running).empty
    assert not any(isinstance(one, IgnoredKey) for one in plan(replace(told, rollback_to=1), running).notices)


def test_a_release_of_another_target_is_neither_compared_with_nor_brought_back(
    desired: Desired, running: Observed
) -> None:
    elsewhere = replace(running.releases[0], release=replace(running.releases[0].release, target="moon"))
    observed = replace(running, releases=(elsewhere,), service=None)
    made = plan(desired, observed)
    assert made.blockers == ()
    assert [notice.what for notice in made.notices if isinstance(notice, LeftBehind)] == ["service"]
    back = plan(replace(desired, rollback_to=1, rollback_target="moon"), observed)
    assert [type(blocker) for blocker in back.blockers] == [OtherTarget]
    assert back.deployment is None


@pytest.mark.parametrize("new", [True, False])
def test_a_blocker_of_the_target_itself_blocks_and_is_part_of_the_consent(
    desired: Desired, running: Observed, empty: Observed, *, new: bool
) -> None:
    observed = empty if new else running
    made, more = (plan(full(desired, room), observed) for room in (2, 3))
    assert made.blockers == (Full(2, line="x.yaml:1"),)
    assert blockers(made) == (BlockerText("room for 2", "make room", "x.yaml:1"),)
    [shown] = document(made).blockers
    assert (shown.kind, dict(shown.details), shown.what) == ("Full", {"room": 2}, "room for 2")
    assert len({made.fingerprint, more.fingerprint, plan(desired, observed).fingerprint}) == 3
    assert made.changes == more.changes
