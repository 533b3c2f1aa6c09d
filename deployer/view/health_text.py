"""Whether users are served, and what is wrong, as text."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec import Struct

from deployer.core.health import BadStatus, NotKnown, OtherRelease, Paused, Prevented, Served, Serving
from deployer.core.trouble import (
    AutomaticDeployments,
    FailedCheck,
    FailedDeployment,
    ImageGone,
    LongWait,
    MessagesGivenUp,
    NoService,
    OtherCallback,
    OtherImage,
    ServiceNotCreated,
    Trouble,
    UndeclaredPause,
)
from deployer.view.times import duration

CALLBACKS: Final = {
    "phone_number": "the phone number",
    "whatsapp_business_account": "the WhatsApp Business account",
    "application": "the app",
}
NO_CAUSE: Final = "no cause is recorded"


class TroubleText(Struct, frozen=True):
    """A trouble for people: what is wrong, and its fix."""

    what: str
    fix: str


def one_line(trouble: Trouble, environment: str) -> str:
    """A trouble and its fix on one line."""
    text = trouble_text(trouble, environment)
    return f"{text.what}; fix: {text.fix}"


def trouble_text(trouble: Trouble, environment: str) -> TroubleText:
    """What is wrong with an environment, and the command or step that fixes it."""
    return TroubleText(*_text(trouble, environment))


def _text(trouble: Trouble, environment: str) -> tuple[str, str]:  # noqa: C901 -- each kind of trouble
    reconcile, logs = f"just reconcile {environment}", f"just logs {environment} --since 1h"
    match trouble:
        case NoService():
            return "there is no service", reconcile
        case ServiceNotCreated():
            return "the service could not be created", reconcile
        case UndeclaredPause():
            return "the service is paused", f"just resume {environment}" + " --old-release-first" * trouble.deploys
        case FailedCheck():
            why = trouble.why or _unexplained(trouble.reason)
            return why, trouble.fix.replace("ENV", environment) or logs
        case LongWait():
            return f"the oldest message has been waiting for {duration(trouble.seconds)}", f"see why: {logs}"
        case MessagesGivenUp():
            count = "1 message was" if trouble.count == 1 else f"{trouble.count} messages were"
            return f"{count} given up", trouble.fix.replace("ENV", environment) or f"see why: {logs}"
        case FailedDeployment():
            which = f"release {trouble.number}" if trouble.number else "the last deployment"
            return f"{which} failed: {trouble.why}", f"just logs {environment} --service"
        case ImageGone():
            which = f"release {trouble.number}" if trouble.number else "the running release"
            what = f"the image of {which} ({trouble.image[:19]}) is gone from ECR: no new instance of it can start"
            return what, f"deploy an image that is there: {reconcile}"
        case OtherImage():
            live, recorded = short_image(trouble.live), short_image(trouble.recorded)
            return f"the service runs {live}, but release {trouble.number} is {recorded}", reconcile
        case AutomaticDeployments():
            return "automatic deployments are on: a pushed image is deployed at once, unrecorded", reconcile
        case OtherCallback():
            level = CALLBACKS.get(trouble.level, trouble.level)
            return (
                f"Meta sends messages to {trouble.url}, the callback of {level}",
                "change it at Meta, unless it is meant so: docs/how-to/troubleshoot.md",
            )
        case _:
            assert_never(trouble)


def _unexplained(reason: str) -> str:
    return f"the service reports: {reason}" if reason else "the service reports that it is not ready, and no reason"


def answers(serving: Serving, environment: str) -> str:
    """Whether users get answers: "no" is followed by the cause and its fix."""
    match serving:
        case Served():
            if serving.busy:
                return f"yes: {_named(serving.release)} answers while an operation is under way"
            named = f"reports release {serving.release}" if serving.release else "it answers, and names no release"
            return f"yes: {named}"
        case Paused():
            declared = f", as env/{environment}.yaml declares" if serving.declared else ""
            return f"no: the service is paused{declared}"
        case Prevented():
            return f"no: {one_line(serving.trouble, environment)}"
        case OtherRelease():
            return f"no: {_named(serving.release)} answers instead of {_named(serving.expected)}"
        case BadStatus():
            return f"no: it answers {serving.status}"
        case NotKnown():
            return _not_known(serving)
        case _:
            assert_never(serving)


def _not_known(serving: NotKnown) -> str:
    answer = serving.answer
    if serving.busy:
        during = "not known while an operation is under way"
        if answer is None:
            return f"{during}: the service has no address yet"
        got = f"no answer ({answer.error})" if answer.status is None else f"it answers {answer.status}"
        return f"{during}: {got}"
    if answer is None:
        return "not known: the service has no address"
    return f"not known: the public URL gave no answer ({answer.error})"


def under_way(kind: str, operation: str) -> str:
    """The operation of the platform that is under way."""
    return f"{kind} {operation} is under way"


def no_line(target: str) -> str:
    """The cause of a failure that the platform wrote nothing about."""
    return f"{target} wrote no line about it"


def _named(release: str | None) -> str:
    return f"release {release}" if release else "an unnamed release"


def backlog(waiting: int | None, given_up: int | None, oldest_seconds: float | None) -> str:
    """How many messages wait and were given up; "" when the service does not report it."""
    if waiting is None:
        return ""
    oldest = "" if oldest_seconds is None or not waiting else f", the oldest for {duration(oldest_seconds)}"
    return f"{waiting} waiting{oldest}" + ("" if given_up is None else f"; {given_up} given up")


def short_image(image: str) -> str:
    """The repository of an image and its tag or the beginning of its digest."""
    name, mark, digest = image.rpartition("/")[2].partition("@sha256:")
    return f"{name}{mark}{digest[:12]}"
