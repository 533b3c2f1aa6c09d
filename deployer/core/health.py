"""Decide whether users of an environment are served, as one word, and list what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from deployer.apps.app import ReadinessPage
from deployer.core.lengths import duration
from deployer.core.readiness import OLD_SECONDS, Readiness, checks
from deployer.core.release import RecordedRelease
from deployer.core.target import ServiceStatus

State = Literal["healthy", "degraded", "unhealthy", "paused", "deploying", "unknown"]
EXIT_CODES: Final[dict[State, int]] = {
    "healthy": 0,
    "degraded": 10,
    "unhealthy": 11,
    "paused": 12,
    "deploying": 13,
    "unknown": 14,
}


class Trouble(Struct, frozen=True):
    """Something that is wrong, and its fix. `serves` means that users are served in spite of it."""

    what: str
    fix: str
    serves: bool


class Answer(Struct, frozen=True):
    """The answer of the public URL: the release it named, "" for none, or `error` when it did not answer with 200.

    `release` is None when the service does not name its release in a header that the deployer knows. `reached` means
    that some answer came: without one, the fault may be in the network of this machine.
    """

    release: str | None = ""
    error: str = ""
    reached: bool = True


def state(
    status: ServiceStatus | None, *, busy: bool, answer: Answer | None, expected: str, troubles: Sequence[Trouble]
) -> State:
    """The state of a service with this status; None when there is no service.

    `busy` means that an operation is under way; `expected` is the release that should answer.
    """
    if status is None:
        return "unhealthy"
    if busy or status is ServiceStatus.BUSY:
        return "deploying"
    if status is ServiceStatus.PAUSED:
        return "paused"
    if status is not ServiceStatus.RUNNING:
        return "unhealthy"
    if answer is None or not answer.reached:
        return "unknown"
    if answer.error or answer.release not in {None, expected} or not all(trouble.serves for trouble in troubles):
        return "unhealthy"
    return "degraded" if troubles else "healthy"


def of_readiness(readiness: Readiness, environment: str, known: ReadinessPage) -> tuple[Trouble, ...]:
    """The troubles in the service's own report."""
    found = [Trouble(c.why, c.fix, serves=False) for c in checks(readiness, environment, known) if not c.ok]
    if readiness.oldest_seconds is not None and readiness.oldest_seconds >= OLD_SECONDS:
        what = f"the oldest message has been waiting for {duration(readiness.oldest_seconds)}"
        found.append(Trouble(what, f"see why: just logs {environment} --since 1h", serves=True))
    if readiness.given_up:
        fix = known.given_up or f"see why: just logs {environment} --since 1h"
        found.append(Trouble(f"{messages(readiness.given_up)} given up", fix, serves=True))
    return tuple(found)


def last_failure(releases: Sequence[RecordedRelease]) -> RecordedRelease | None:
    """The newest recorded release if its deployment failed."""
    return releases[-1] if releases and not releases[-1].release.healthy else None


def backlog(waiting: int | None, given_up: int | None, oldest_seconds: float | None) -> str:
    """How many messages wait and were given up, as text; "" when the service does not report it."""
    if waiting is None:
        return ""
    oldest = "" if oldest_seconds is None or not waiting else f", the oldest for {duration(oldest_seconds)}"
    return f"{waiting} waiting{oldest}" + ("" if given_up is None else f"; {given_up} given up")


def messages(count: int) -> str:
    return "1 message was" if count == 1 else f"{count} messages were"


def serves(state: State, answer: Answer | None, troubles: Sequence[Trouble]) -> bool:
    """Whether users are served, as far as it could be checked; during an operation, by whichever release answers."""
    if state == "deploying":
        return answer is not None and not answer.error and all(trouble.serves for trouble in troubles)
    return state in {"healthy", "degraded"}


def answers(
    state: State, answer: Answer | None, expected: str, troubles: Sequence[Trouble], *, declared: str = ""
) -> str:
    """Whether users get answers, as text: "no" is followed by the first cause and its fix.

    `declared` is the manifest that declares the service paused, "" when none does.
    """
    if state == "paused":
        if declared:
            return f"no: the service is paused, as {declared} declares"
        return "no: the service is paused" + _fix(troubles)
    bad = _first(troubles)
    if bad is not None and (answer is None or not answer.error):
        return f"no: {bad.what}{_fix(troubles)}"
    if state == "deploying":
        if answer is None or answer.error:
            why = answer.error if answer else "the service has no address yet"
            return f"not known while an operation is under way: {why}"
        return f"yes: {_named(answer.release)} answers while an operation is under way"
    if answer is None:
        return "not known: the service has no address"
    if not answer.reached:
        return f"not known: the public URL gave {answer.error}"
    if answer.error:
        return f"no: {answer.error}"
    if answer.release not in {None, expected}:
        return f"no: {_named(answer.release)} answers instead of {_named(expected)}"
    return f"yes: reports release {answer.release}" if answer.release else "yes: it answers, and names no release"


def _named(release: str | None) -> str:
    return f"release {release}" if release else "an unnamed release"


def _first(troubles: Sequence[Trouble]) -> Trouble | None:
    """The first trouble that keeps users from being served."""
    return next((trouble for trouble in troubles if not trouble.serves), None)


def _fix(troubles: Sequence[Trouble]) -> str:
    bad = _first(troubles)
    return f"; fix: {bad.fix}" if bad is not None else ""


def image_gone(which: str, image: str, environment: str) -> Trouble:
    """The trouble that the running release's image is no longer in ECR."""
    what = f"the image of {which} ({image[:19]}) is gone from ECR: no new instance of it can start"
    return Trouble(what, f"deploy an image that is there: just reconcile {environment}", serves=True)


def other_image(number: int, recorded: str, live: str, environment: str) -> Trouble:
    """The trouble that someone outside the deployer made the service run another image than the release it names."""
    what = f"the service runs {short_image(live)}, but release {number} is {short_image(recorded)}"
    return Trouble(what, f"just reconcile {environment}", serves=True)


def short_image(image: str) -> str:
    """The repository of an image and its tag or the beginning of its digest."""
    name, mark, digest = image.rpartition("/")[2].partition("@sha256:")
    return f"{name}{mark}{digest[:12]}"
