"""The pure parts: the configuration of a revision, the alarm, ARNs."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local.ecs_express import configuration
from deployer.local.ecs_express.alarm import RollbackAlarm, in_alarm
from deployer.local.ecs_express.arns import Arns, owner, service_key

ARNS = Arns("000000000002", "us-west-2")
NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True)
POINTS = st.dictionaries(st.integers(0, 5), st.tuples(st.integers(0, 50), st.integers(50, 1000)))
VARIABLES = st.dictionaries(st.text(min_size=1), st.text(), max_size=6)


def request(**more: Any) -> dict[str, Any]:
    return {"executionRoleArn": "role", "primaryContainer": {"image": "x"}, **more}


def test_one_bad_minute_is_not_enough_and_two_of_three_are() -> None:
    assert not in_alarm({5: (10, 10)}, 5)
    assert in_alarm({3: (1, 10), 5: (1, 10)}, 5)
    assert not in_alarm({2: (1, 10), 5: (1, 10)}, 5)
    assert not in_alarm({4: (1, 100), 5: (1, 100)}, 5)  # 1 percent is not above 1 percent


@given(POINTS, st.integers(0, 5))
def test_fewer_errors_never_start_the_alarm(points: dict[int, tuple[int, int]], latest: int) -> None:
    fewer = {minute: (errors // 2, answers) for minute, (errors, answers) in points.items()}
    assert in_alarm(points, latest) or not in_alarm(fewer, latest)


@given(POINTS)
def test_silence_ends_the_alarm(points: dict[int, tuple[int, int]]) -> None:
    assert not in_alarm(points, 9)


def test_the_alarm_counts_answers_in_minutes() -> None:
    now = 0.0
    alarm = RollbackAlarm(60, lambda: now)
    for minute in range(2):
        assert not alarm.rings()
        now = minute * 60.0
        alarm.seen(200)
        alarm.seen(404)
    assert alarm.rings()
    now = 300.0
    assert not alarm.rings()


@given(VARIABLES)
def test_reported_variables_are_the_same_in_another_order(variables: dict[str, str]) -> None:
    entries = [{"name": name, "value": value} for name, value in variables.items()]
    whole = configuration.complete(request(primaryContainer={"image": "x", "environment": entries}), "group")
    before = copy.deepcopy(whole)
    shown = configuration.as_reported(whole)["primaryContainer"]["environment"]
    assert {entry["name"]: entry["value"] for entry in shown} == variables
    assert whole == before


@given(st.sampled_from(sorted(configuration.MEMORY_FOR)), st.integers(0, 130_000))
def test_only_pairs_of_fargate_are_valid(cpu: str, memory: int) -> None:
    whole = configuration.complete(request(cpu=cpu, memory=str(memory)), "group")
    assert (configuration.size_reasons(whole) == []) == (memory in configuration.MEMORY_FOR[cpu])


def test_an_update_keeps_what_it_does_not_name() -> None:
    first = configuration.complete(
        request(healthCheckPath="/up", cpu="512", memory="1024", taskRoleArn="task"), "group"
    )
    second = configuration.updated(first, {"cpu": "256"}, "group")
    assert second == {**first, "cpu": "256"}
    assert configuration.updated(second, {"primaryContainer": {"image": "y"}}, "group")["healthCheckPath"] == "/up"


def test_an_update_adds_no_second_group_of_ecs() -> None:
    first = configuration.complete(request(), "group")
    again = configuration.updated(first, {"networkConfiguration": first["networkConfiguration"]}, "group")
    assert again == first


@given(NAMES, NAMES)
def test_deployments_and_revisions_name_their_service(cluster: str, name: str) -> None:
    service = ARNS.service(cluster, name)
    assert owner(ARNS.new_deployment(cluster, name)) == service
    assert owner(ARNS.new_revision(cluster, name)) == service
    assert service_key(name, ARNS.cluster(cluster), ARNS) == service
    assert service_key(service, None, ARNS) == service


@pytest.mark.parametrize("arn", ["", "x", ARNS.service("default", "web"), ARNS.task("default", "1")])
def test_other_arns_have_no_owner(arn: str) -> None:
    assert owner(arn) == ""
