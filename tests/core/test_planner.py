from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.cause import State
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.observed import Observed, ObservedImage, ObservedParameter
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.target import ServiceStatus
from deployer.resources.ecr_repository.change import ChangeRepository, PushImage
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.plan import Plan
from deployer.resources.planner import plan
from deployer.resources.service.change import DeployService, Difference, RecordRelease
from deployer.resources.ssm_parameters.change import PutParameter, RecreateParameter
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.targets.apprunner.settings import of_app_runner
from deployer.view.blocker_text import BlockerText, blockers
from deployer.view.cause_text import why
from deployer.view.resources.texts import describe_change, describe_notice

MakeDesired = Callable[..., Desired]
Make = Callable[..., DesiredParameter]
CarryOut = Callable[..., Observed]


def kinds(made: Plan) -> list[str]:
    return [type(change).__name__ for change in made.changes]


def what(made: Plan) -> BlockerText:
    """The text of the only blocker."""
    [found] = blockers(made)
    return found


T = TypeVar("T")


def only(made: Plan, kind: type[T]) -> T:
    [found] = [change for change in made.changes if isinstance(change, kind)]
    return found


def test_from_nothing_everything_is_made_and_the_service_comes_last(
    make_desired: MakeDesired, parameter: Make, empty: Observed
) -> None:
    made = plan(make_desired(parameter("level", "DEBUG"), parameter("key", None, "generate:32")), empty)
    assert kinds(made) == [
        "PutRole",
        "PutRole",
        "CreateRepository",
        "PutLifecycle",
        "PushImage",
        "KeepImage",
        "PutParameter",
        "PutParameter",
        "ServiceVariable",
        "CreateScaling",
        "DeployService",
    ]
    assert made.versions == {"LEVEL": 1, "KEY": 1}
    assert made.deployment is not None
    assert made.deployment.spec.environment[RELEASE_VARIABLE] == made.release
    assert [made.count(symbol) for symbol in "+~-"] == [11, 0, 0]


def test_a_secret_nobody_can_make_is_a_blocker_with_its_command(
    make_desired: MakeDesired, parameter: Make, empty: Observed
) -> None:
    made = plan(make_desired(parameter("app-secret", None)), empty)
    blocker = what(made)
    assert "APP_SECRET" in blocker.what
    assert blocker.fix == "just secret set staging app-secret"
    assert blocker.line == "staging.yaml:10"


def test_a_variable_that_the_release_does_not_hold_is_added_and_not_staged(
    make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    """Its parameter is there already, but no container holds an older version of it."""
    first = make_desired(parameter("level", "DEBUG"))
    running = carry_out(plan(first, empty), empty, first)
    added = parameter("origins", "*")
    found = replace(running, parameters={**running.parameters, added.path: ObservedParameter(False, 1, "*")})
    made = plan(make_desired(*first.parameters, added), found)
    assert not [notice for notice in made.notices if isinstance(notice, StagedVariable)]
    assert made.deployment is not None
    assert made.versions == {"LEVEL": 1, "ORIGINS": 1}


def test_a_plain_string_where_a_secret_belongs_is_made_again_or_a_blocker(
    make_desired: MakeDesired, parameter: Make, empty: Observed
) -> None:
    """It is recreated where the manifest says how to make it; else a person has to set it."""
    desired = parameter("key", None)
    leaked = {desired.path: ObservedParameter(False, 1, "leaked")}
    made = plan(make_desired(desired), replace(empty, parameters=leaked))
    blocker = what(made)
    assert "plain String" in blocker.what
    assert "rotate the credential" in blocker.fix
    generated = plan(make_desired(parameter("key", None, "generate:32")), replace(empty, parameters=leaked))
    change = only(generated, RecreateParameter)
    assert (change.was, change.becomes, change.version, change.old) == ("String", "SecureString", 1, None)
    assert change.kept == "/app-deployer/demo/staging/replaced/key"
    assert generated.blockers == ()
    assert "leaked" not in str((made.blockers, blocker, change)) + describe_change(change) + why(change)


@pytest.mark.parametrize(
    "found",
    [
        ObservedParameter(True, 7, None),
        ObservedParameter(False, 7, None, listed="INFO,DEBUG"),
        ObservedParameter(False, 7, "ami-0123456789abcdef0", data_type="aws:ec2:image"),
    ],
    ids=["SecureString", "StringList", "aws:ec2:image"],
)
def test_a_literal_of_a_type_that_no_overwrite_changes_is_recreated(
    make_desired: MakeDesired, parameter: Make, empty: Observed, found: ObservedParameter
) -> None:
    desired = parameter("key", "INFO")
    made = plan(make_desired(desired), replace(empty, parameters={desired.path: found}))
    change = only(made, RecreateParameter)
    assert (change.becomes, change.version) == ("String", 1)
    assert "deleted with its history, and recreated" in describe_change(change)
    assert only(made, DeployService).spec.secrets["KEY"].endswith(desired.path)


def test_a_parameter_that_was_recreated_with_the_version_it_had_is_deployed(
    make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    """Nothing but a mark tells version 1 of the String from version 1 of the SecureString."""
    secret, literal = parameter("key", None, "generate:32"), parameter("key", "INFO")
    live = carry_out(plan(make_desired(secret), empty), empty, make_desired(secret))
    made = plan(make_desired(literal), live)
    assert kinds(made) == ["RecreateParameter", "DeployService"]
    assert made.release != plan(make_desired(secret), live).release
    assert made.versions == {"KEY": 1}
    assert plan(make_desired(literal), carry_out(made, live, make_desired(literal))).empty


def test_an_image_that_is_nowhere_is_a_blocker(make_desired: MakeDesired, empty: Observed) -> None:
    blocker = what(plan(make_desired(digest=None), empty))
    assert "c0ffee" in blocker.what


def test_another_image_under_the_same_tag_is_a_blocker(make_desired: MakeDesired, empty: Observed) -> None:
    blocker = what(
        plan(make_desired(digest="sha256:aaa"), replace(empty, image=ObservedImage("sha256:bbb", ("c0ffee",))))
    )
    assert "immutable" in blocker.what


def test_an_image_in_ecr_is_run_by_the_digest_ecr_names(make_desired: MakeDesired, empty: Observed) -> None:
    made = plan(make_desired(digest=None), replace(empty, image=ObservedImage("sha256:bbb", ("c0ffee",))))
    assert only(made, DeployService).spec.image.endswith("/demo@sha256:bbb")


class TestAfterADeployment:
    """Each starts from a service that is as the manifest says."""

    def test_nothing_is_to_do(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired(parameter("level", "DEBUG"))
        made = plan(desired, carry_out(plan(desired, empty), empty, desired))
        assert made.empty
        assert made.notices == ()
        assert made.unchanged == 1

    def test_a_service_that_is_gone_is_made_again_and_nothing_is_live(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired()
        live = carry_out(plan(desired, empty), empty, desired)
        assert plan(desired, live).live == live.releases[-1]
        made = plan(desired, replace(live, service=None))
        assert kinds(made) == ["ServiceVariable", "DeployService"]
        assert made.live is None

    def test_an_edit_puts_and_deploys(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        before = make_desired(parameter("level", "DEBUG"))
        live = carry_out(plan(before, empty), empty, before)
        made = plan(make_desired(parameter("level", "INFO")), live)
        put = only(made, PutParameter)
        assert (put.symbol, describe_change(put), why(put), put.version) == ("~", "literal  DEBUG -> INFO", "edit", 2)
        assert describe_change(only(made, DeployService)) == "deploy, because: LEVEL"
        assert why(only(made, DeployService)) == "edit"

    def test_a_change_from_outside_is_drift(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired(parameter("level", "DEBUG"))
        live = carry_out(plan(desired, empty), empty, desired)
        path = desired.parameters[0].path
        live = replace(live, parameters={path: ObservedParameter(False, 2, "TRACE")})
        put = only(plan(desired, live), PutParameter)
        assert why(put) == "drift: changed outside the deployer"
        assert put.version == 3

    def test_both_is_a_conflict(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        before = make_desired(parameter("level", "DEBUG"))
        live = carry_out(plan(before, empty), empty, before)
        live = replace(live, parameters={before.parameters[0].path: ObservedParameter(False, 2, "TRACE")})
        assert "conflict" in why(only(plan(make_desired(parameter("level", "INFO")), live), PutParameter))

    def test_a_removed_parameter_comes_back(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired(parameter("level", "DEBUG"))
        live = replace(carry_out(plan(desired, empty), empty, desired), parameters={})
        put = only(plan(desired, live), PutParameter)
        assert (put.symbol, why(put)) == ("+", "drift: removed outside the deployer")

    def test_a_secret_set_since_is_staged_and_one_deployment_takes_it(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired(parameter("key", None, "generate:32"))
        live = carry_out(plan(desired, empty), empty, desired)
        live = replace(live, parameters={desired.parameters[0].path: ObservedParameter(True, 2, None)})
        made = plan(desired, live)
        [notice] = made.notices
        assert (notice.symbol, notice.address) == ("!", "KEY")
        assert "v1 -> v2" in describe_notice(notice)
        assert kinds(made) == ["DeployService"]

    def test_an_unmanaged_parameter_shows_and_is_left_alone(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired(parameter("level", "DEBUG"))
        live = carry_out(plan(desired, empty), empty, desired)
        stranger = {f"{desired.parameter_path}/old-key": ObservedParameter(False, 1, "x")}
        made = plan(desired, replace(live, parameters={**live.parameters, **stranger}))
        assert made.empty
        assert [(n.symbol, n.address) for n in made.notices] == [("?", f"{desired.parameter_path}/old-key")]

    def test_a_setting_shows_its_old_and_new_value(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        before = make_desired()
        live = carry_out(plan(before, empty), empty, before)
        after = replace(before, settings=replace(of_app_runner(before), cpu=2048, memory=4096))
        assert only(plan(after, live), DeployService).differences == (
            Difference("setting", ("cpu",), State(value="1 vCPU"), State(value="2 vCPU")),
            Difference("setting", ("memory",), State(value="2 GB"), State(value="4 GB")),
        )

    def test_a_setting_changed_outside_is_drift_and_both_are_told(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired()
        live = carry_out(plan(desired, empty), empty, desired)
        assert live.service is not None
        spec = live.service.spec
        spec = replace(spec, settings=replace(of_app_runner(spec), auto_deployments=True))
        bent = replace(live, service=replace(live.service, spec=spec))
        made = plan(desired, bent)
        assert why(only(made, DeployService)) == "drift: changed outside the deployer"
        assert only(made, DeployService).differences == (
            Difference("setting", ("auto_deployments",), State(value="true"), State(value="false")),
        )
        edited = replace(desired, settings=replace(of_app_runner(desired), cpu=2048))
        assert why(only(plan(edited, bent), DeployService)) == "edit, drift: changed outside the deployer"

    def test_a_busy_service_is_a_blocker(self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed) -> None:
        desired = make_desired()
        live = carry_out(plan(desired, empty), empty, desired)
        assert live.service is not None
        for status in ("OPERATION_IN_PROGRESS", "DELETE_FAILED"):
            blocker = what(plan(desired, replace(live, service=replace(live.service, status=status))))
            assert status in blocker.what

    def test_a_failed_creation_is_built_again_in_place(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired()
        live = carry_out(plan(desired, empty), empty, desired)
        assert live.service is not None
        made = plan(desired, replace(live, service=replace(live.service, status=ServiceStatus.CREATE_FAILED)))
        assert only(made, DeployService).arn == "arn"

    def test_a_live_release_without_a_record_is_recorded_and_not_deployed(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired()
        live = replace(carry_out(plan(desired, empty), empty, desired), releases=())
        made = plan(desired, live)
        assert kinds(made) == ["RecordRelease"]
        assert made.warnings
        assert only(made, RecordRelease).release == made.release

    def test_what_is_deleted_does_not_depend_on_who_records_the_release(
        self, make_desired: MakeDesired, parameter: Make, carry_out: CarryOut, empty: Observed
    ) -> None:
        """A run that was stopped before its record leaves the same to delete as one that was not."""
        first = make_desired(parameter("level", "DEBUG"), parameter("gone", "x"))
        observed = carry_out(plan(first, empty), empty, first)
        second = make_desired(parameter("level", "INFO"))
        observed = carry_out(plan(second, observed), observed, second)
        third = make_desired(parameter("level", "ERROR"))
        undisturbed = plan(third, observed, prune=True)
        stopped = replace(
            carry_out(undisturbed, observed, third), parameters=observed.parameters, releases=observed.releases
        )
        level = third.parameters[0].path
        stopped = replace(stopped, parameters={**stopped.parameters, level: ObservedParameter(False, 3, "ERROR")})
        assert kinds(undisturbed) == ["PutParameter", "DeployService", "DeleteParameter"]
        again = plan(third, stopped, prune=True)
        assert kinds(again) == ["RecordRelease", "DeleteParameter"]
        assert [notice.symbol for notice in again.notices] == []

    def test_managed_things_that_were_bent_are_mended(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        desired = make_desired()
        live = carry_out(plan(desired, empty), empty, desired)
        assert live.repository is not None
        role = desired.roles[0].name
        parameter = live.roles[role]
        assert parameter is not None
        bent = replace(
            live,
            repository=replace(live.repository, immutable=False, lifecycle='{"rules": []}'),
            roles={**live.roles, role: replace(parameter, trust={})},
        )
        made = plan(desired, bent)
        assert kinds(made) == ["PutRole", "ChangeRepository", "PutLifecycle"]
        assert only(made, PutRole).create is False
        assert describe_change(only(made, ChangeRepository)) == "tags mutable -> immutable"
        assert plan(desired, carry_out(made, bent, desired)).empty

    def test_a_new_commit_pushes_and_deploys(
        self, make_desired: MakeDesired, carry_out: CarryOut, empty: Observed
    ) -> None:
        before = make_desired()
        live = replace(carry_out(plan(before, empty), empty, before), image=None)
        made = plan(make_desired(digest="sha256:bbb"), live)
        assert only(made, PushImage).digest == "sha256:bbb"
        assert only(made, DeployService).differences == (Difference("image"),)


NAMES = ["level", "key", "server-url", "a1"]
values = st.one_of(st.none(), st.sampled_from(["x", "y", "z"]))
desired_values = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)
lives = st.dictionaries(
    st.sampled_from([*NAMES, "stranger"]),
    st.builds(lambda value, version: ObservedParameter(value is None, version, value), values, st.integers(1, 9)),
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=desired_values, live=lives, previous=st.booleans(), fails=st.booleans())
def test_a_plan_carried_out_leaves_an_empty_plan(
    make_desired: MakeDesired,
    parameter: Make,
    carry_out: CarryOut,
    empty: Observed,
    values: dict[str, str | None],
    live: dict[str, ObservedParameter],
    *,
    previous: bool,
    fails: bool,
) -> None:
    desired = make_desired(*(parameter(n, v, "" if v else "generate:32") for n, v in values.items()))
    observed = empty
    if previous:
        before = make_desired(parameter("level", "x"))
        observed = carry_out(plan(before, empty), empty, before)
    observed = replace(observed, parameters={f"{desired.parameter_path}/{name}": each for name, each in live.items()})
    made = plan(desired, observed)
    if made.blockers:
        return
    if fails:  # a deployment that did not become healthy changes nothing but the parameters
        observed = carry_out(made, observed, desired, healthy=False)
        made = plan(desired, observed)
    after = carry_out(made, observed, desired)
    assert plan(desired, after).empty
    strangers = observed.parameters.keys() - {p.path for p in desired.parameters}
    assert {path: after.parameters[path] for path in strangers} == {
        path: observed.parameters[path] for path in strangers
    }
