"""One word for an environment, and whether its users are served."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from deployer.apps.app import ReadinessPage
from deployer.core.health import (
    EXIT_CODES,
    Answer,
    State,
    Trouble,
    answers,
    backlog,
    of_readiness,
    other_image,
    serves,
    state,
)
from deployer.core.lengths import duration
from deployer.core.readiness import Readiness
from deployer.core.target import ServiceStatus

MEANINGS = ReadinessPage(path="/ready", given_up="answer them after all")
GOOD, OLD, BROKEN, SILENT = (
    Answer("new"),
    Answer("old"),
    Answer(error="it answers 503"),
    Answer(reached=False, error="no"),
)
UNNAMED = Answer(None)
MILD, BAD = Trouble("old image", "fix it", serves=True), Trouble("Meta refuses", "set it", serves=False)


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
    said = answers(found, answer, "new", troubles)
    assert said.startswith("no: Meta refuses; fix: set it") == (BAD in troubles and (answer in {None, GOOD, OLD}))
    assert serves(found, answer, troubles) == (answer in {GOOD, OLD} and BAD not in troubles)


def test_the_answer_to_whether_users_are_served() -> None:
    assert answers("healthy", GOOD, "new", ()) == "yes: reports release new"
    assert answers("healthy", UNNAMED, "new", ()) == "yes: it answers, and names no release"
    assert answers("degraded", GOOD, "new", (MILD,)) == "yes: reports release new"
    assert answers("unhealthy", GOOD, "new", (MILD, BAD)) == "no: Meta refuses; fix: set it"
    assert answers("unhealthy", OLD, "new", ()) == "no: release old answers instead of release new"
    assert answers("unhealthy", BROKEN, "new", (BAD,)) == "no: it answers 503"
    assert answers("paused", None, "new", (BAD,)) == "no: the service is paused; fix: set it"
    assert answers("paused", None, "new", (), declared="env/x.yaml") == (
        "no: the service is paused, as env/x.yaml declares"
    )
    assert answers("unknown", SILENT, "new", ()).startswith("not known")


def test_what_was_given_up_or_waits_long_serves_the_others() -> None:
    found = of_readiness(Readiness(ready=True, waiting=4, given_up=1, oldest_seconds=900), "staging", MEANINGS)
    assert [trouble.what for trouble in found] == [
        "the oldest message has been waiting for 15 min",
        "1 message was given up",
    ]
    assert all(trouble.serves for trouble in found)
    assert found[1].fix == "answer them after all"
    assert of_readiness(Readiness(ready=True, waiting=4, given_up=0, oldest_seconds=299), "staging", MEANINGS) == ()
    [refused] = of_readiness(Readiness(ready=False, reasons=("meta_token",)), "staging", MEANINGS)
    assert not refused.serves


def test_messages_are_counted_with_the_age_of_the_oldest() -> None:
    assert backlog(3, 1, 41.5) == "3 waiting, the oldest for 41 s; 1 given up"
    assert backlog(0, 0, None) == "0 waiting; 0 given up"
    assert backlog(None, None, None) == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "119 min"), (7200, "2 h"), (172800, "2 d")]
)
def test_a_length_of_time(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_image_of_no_release_is_named() -> None:
    digest = f"1.dkr.ecr.us-west-2.amazonaws.com/team/app@sha256:{'0123456789ab' * 5}0123"
    found = other_image(3, digest, "1.dkr.ecr.us-west-2.amazonaws.com/team/app:latest", "staging")
    assert found == Trouble(
        "the service runs app:latest, but release 3 is app@sha256:0123456789ab", "just reconcile staging", serves=True
    )
