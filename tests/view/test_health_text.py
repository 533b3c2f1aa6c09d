"""Whether users are served, and what is wrong, as a person reads it."""

from __future__ import annotations

import pytest

from deployer.core.health import Answer, BadStatus, NotKnown, OtherRelease, Paused, Prevented, Served, Serving
from deployer.core.trouble import (
    AutomaticDeployments,
    FailedCheck,
    FailedDeployment,
    ImageGone,
    LongWait,
    MessagesGivenUp,
    NoService,
    OtherImage,
    ServiceNotCreated,
    Trouble,
    UndeclaredPause,
)
from deployer.view.health_text import answers, backlog, one_line

REPOSITORY = "1.dkr.ecr.us-west-2.amazonaws.com/team/app"
DIGEST = f"sha256:{'0123456789ab' * 5}0123"
LOGS = "just logs staging --since 1h"
REFUSED = FailedCheck(check="meta", reason="token", why="Meta refuses", fix="just secret set ENV token")


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (NoService(), "there is no service; fix: just reconcile staging"),
        (ServiceNotCreated(), "the service could not be created; fix: just reconcile staging"),
        (UndeclaredPause(deploys=False), "the service is paused; fix: just resume staging"),
        (UndeclaredPause(deploys=True), "the service is paused; fix: just resume staging --old-release-first"),
        (REFUSED, "Meta refuses; fix: just secret set staging token"),
        (FailedCheck(check="instance", reason="disk"), f"the service reports: disk; fix: {LOGS}"),
        (
            FailedCheck(check="instance"),
            f"the service reports that it is not ready, and no reason; fix: {LOGS}",
        ),
        (LongWait(seconds=900), f"the oldest message has been waiting for 15 min; fix: see why: {LOGS}"),
        (MessagesGivenUp(count=1), f"1 message was given up; fix: see why: {LOGS}"),
        (MessagesGivenUp(count=2, fix="answer them"), "2 messages were given up; fix: answer them"),
        (
            FailedDeployment(number=3, why="no answer"),
            "release 3 failed: no answer; fix: just logs staging --service",
        ),
        (
            FailedDeployment(number=None, why="no answer"),
            "the last deployment failed: no answer; fix: just logs staging --service",
        ),
        (
            ImageGone(number=3, image=DIGEST),
            (
                "the image of release 3 (sha256:0123456789ab) is gone from ECR: no new instance of it can start; "
                "fix: deploy an image that is there: just reconcile staging"
            ),
        ),
        (
            ImageGone(number=None, image="latest"),
            (
                "the image of the running release (latest) is gone from ECR: no new instance of it can start; "
                "fix: deploy an image that is there: just reconcile staging"
            ),
        ),
        (
            OtherImage(number=3, recorded=f"{REPOSITORY}@{DIGEST}", live=f"{REPOSITORY}:latest"),
            "the service runs app:latest, but release 3 is app@sha256:0123456789ab; fix: just reconcile staging",
        ),
        (
            AutomaticDeployments(),
            "automatic deployments are on: a pushed image is deployed at once, unrecorded; fix: just reconcile staging",
        ),
    ],
)
def test_a_trouble_and_its_fix(trouble: Trouble, text: str) -> None:
    assert one_line(trouble, "staging") == text


@pytest.mark.parametrize(
    ("serving", "text"),
    [
        (Served("new"), "yes: reports release new"),
        (Served(None), "yes: it answers, and names no release"),
        (Served("old", busy=True), "yes: release old answers while an operation is under way"),
        (Served(None, busy=True), "yes: an unnamed release answers while an operation is under way"),
        (Paused(declared=False), "no: the service is paused"),
        (Paused(declared=True), "no: the service is paused, as env/staging.yaml declares"),
        (Prevented(REFUSED), "no: Meta refuses; fix: just secret set staging token"),
        (OtherRelease("old", "new"), "no: release old answers instead of release new"),
        (OtherRelease("", "new"), "no: an unnamed release answers instead of release new"),
        (BadStatus(503), "no: it answers 503"),
        (NotKnown(None, busy=False), "not known: the service has no address"),
        (
            NotKnown(Answer(status=None, error="ConnectError"), busy=False),
            "not known: the public URL gave no answer (ConnectError)",
        ),
        (NotKnown(None, busy=True), "not known while an operation is under way: the service has no address yet"),
        (NotKnown(Answer(status=503), busy=True), "not known while an operation is under way: it answers 503"),
        (
            NotKnown(Answer(status=None, error="ConnectError"), busy=True),
            "not known while an operation is under way: no answer (ConnectError)",
        ),
    ],
)
def test_whether_users_get_answers(serving: Serving, text: str) -> None:
    assert answers(serving, "staging") == text


def test_messages_are_counted_with_the_age_of_the_oldest() -> None:
    assert backlog(3, 1, 41.5) == "3 waiting, the oldest for 41 s; 1 given up"
    assert backlog(0, 0, None) == "0 waiting; 0 given up"
    assert backlog(None, None, None) == ""
