"""One word for an environment, and whether its users are served."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from deployer.apps.app import ReadinessPage
from deployer.core.health import (
    EXIT_CODES,
    Answer,
    BadStatus,
    NotKnown,
    OtherRelease,
    Paused,
    Prevented,
    Served,
    Serving,
    State,
    of_readiness,
    serves,
    serving,
    state,
)
from deployer.core.readiness import Readiness
from deployer.core.target import ServiceStatus
from deployer.core.trouble import AutomaticDeployments, FailedCheck, LongWait, MessagesGivenUp, Trouble

MEANINGS = ReadinessPage(path="/ready", given_up="answer them after all")
GOOD, OLD, BROKEN = Answer("new"), Answer("old"), Answer(status=503)
SILENT, UNNAMED = Answer(status=None, error="ConnectError"), Answer(None)
MILD, BAD = AutomaticDeployments(), FailedCheck(check="meta", why="Meta refuses", fix="set it")


@pytest.mark.parametrize(
    ("status", "busy", "answer", "troubles", "expected"),
    [
        (None, False, None, (BAD,), "unhealthy"),
        (ServiceStatus.RUNNING, False, GOOD, (), "healthy"),
        (ServiceStatus.RUNNING, False, GOOD, (MILD,), "degraded"),
        (ServiceStatus.RUNNING, False, GOOD, (MILD, BAD), "unhealthy"),
        (ServiceStatus.RUNNING, False, OLD, (), "unhealthy"),
        (ServiceStatus.RUNNING, False, UNNAMED, (), "healthy"),
        (ServiceStatus.RUNNING, False, BROKEN, (), "unhealthy"),
        (ServiceStatus.RUNNING, False, SILENT, (), "unknown"),
        (ServiceStatus.RUNNING, False, None, (), "unknown"),
        (ServiceStatus.RUNNING, True, OLD, (), "deploying"),
        (ServiceStatus.BUSY, False, BROKEN, (BAD,), "deploying"),
        (ServiceStatus.BUSY, True, None, (), "deploying"),
        (ServiceStatus.PAUSED, False, None, (MILD,), "paused"),
        (ServiceStatus.CREATE_FAILED, False, None, (BAD,), "unhealthy"),
        (ServiceStatus.DELETE_FAILED, False, GOOD, (), "unhealthy"),
    ],
)
def test_the_state(
    status: ServiceStatus | None, busy: bool, answer: Answer | None, troubles: tuple[Trouble, ...], expected: State
) -> None:
    assert state(status, busy=busy, answer=answer, expected="new", troubles=troubles) == expected


def test_every_state_has_an_exit_code_of_its_own() -> None:
    assert set(EXIT_CODES) == set(get_args(State))
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert not set(EXIT_CODES.values()) & {1, 2, 3, 4, 5, 6, 130}
    assert EXIT_CODES["healthy"] == 0


@pytest.mark.parametrize(
    ("answer", "troubles"), list(product([None, GOOD, OLD, BROKEN, SILENT], [(), (MILD,), (BAD,), (MILD, BAD)]))
)
def test_a_deployment_under_way_is_never_called_unhealthy(answer: Answer | None, troubles: tuple[Trouble, ...]) -> None:
    found = state(ServiceStatus.BUSY, busy=True, answer=answer, expected="new", troubles=troubles)
    assert found == "deploying"
    assert (serving(found, answer, "new", troubles, declared=False) == Prevented(BAD)) == (
        BAD in troubles and answer in {None, GOOD, OLD}
    )
    assert serves(found, answer, troubles) == (answer in {GOOD, OLD} and BAD not in troubles)


@pytest.mark.parametrize(
    ("found", "answer", "troubles", "expected"),
    [
        ("healthy", GOOD, (), Served("new")),
        ("healthy", UNNAMED, (), Served(None)),
        ("degraded", GOOD, (MILD,), Served("new")),
        ("unhealthy", GOOD, (MILD, BAD), Prevented(BAD)),
        ("unhealthy", OLD, (), OtherRelease("old", "new")),
        ("unhealthy", BROKEN, (BAD,), BadStatus(503)),
        ("paused", None, (BAD,), Prevented(BAD)),
        ("paused", None, (), Paused(declared=False)),
        ("unknown", SILENT, (), NotKnown(SILENT, busy=False)),
        ("unknown", SILENT, (BAD,), NotKnown(SILENT, busy=False)),
        ("unknown", None, (), NotKnown(None, busy=False)),
        ("deploying", OLD, (), Served("old", busy=True)),
        ("deploying", BROKEN, (BAD,), NotKnown(BROKEN, busy=True)),
        ("deploying", SILENT, (), NotKnown(SILENT, busy=True)),
        ("deploying", None, (), NotKnown(None, busy=True)),
    ],
)
def test_whether_users_are_served_and_the_first_cause(
    found: State, answer: Answer | None, troubles: tuple[Trouble, ...], expected: Serving
) -> None:
    assert serving(found, answer, "new", troubles, declared=False) == expected


def test_a_declared_pause_is_no_trouble() -> None:
    assert serving("paused", None, "new", (BAD,), declared=True) == Paused(declared=True)


def test_what_was_given_up_or_waits_long_serves_the_others() -> None:
    found = of_readiness(Readiness(ready=True, waiting=4, given_up=1, oldest_seconds=900), MEANINGS)
    assert found == (LongWait(seconds=900), MessagesGivenUp(count=1, fix="answer them after all"))
    assert all(trouble.serves for trouble in found)
    assert of_readiness(Readiness(ready=True, waiting=4, given_up=0, oldest_seconds=299), MEANINGS) == ()
    [refused] = of_readiness(Readiness(ready=False, reasons=("meta_token",)), MEANINGS)
    assert refused == FailedCheck(check="instance", reason="meta_token")
    assert not refused.serves
