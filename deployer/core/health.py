"""Decide whether users of an environment are served, in one word and with the cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from deployer.apps.app import ReadinessPage
from deployer.core.readiness import OLD_SECONDS, Readiness, checks
from deployer.core.release import RecordedRelease
from deployer.core.target import ServiceStatus
from deployer.core.trouble import FailedCheck, LongWait, MessagesGivenUp, Trouble

State = Literal["healthy", "degraded", "unhealthy", "paused", "deploying", "unknown"]
EXIT_CODES: Final[dict[State, int]] = {
    "healthy": 0,
    "degraded": 10,
    "unhealthy": 11,
    "paused": 12,
    "deploying": 13,
    "unknown": 14,
}


class Answer(Struct, frozen=True):
    """The answer of the public URL: its status, and the release it named, "" for none.

    `release` is None when the service does not name its release in a header that the deployer knows. Without an answer
    `status` is None and `error` the type of the error: the fault may be in the network of this machine.
    """

    release: str | None = ""
    status: int | None = 200
    error: str = ""

    @property
    def good(self) -> bool:
        return self.status == 200


class Served(Struct, frozen=True):
    """Users are served by this release; None where the service does not name it. `busy`: during an operation."""

    release: str | None
    busy: bool = False


class Paused(Struct, frozen=True):
    """The service is paused. `declared` means that the manifest declares it."""

    declared: bool


class Prevented(Struct, frozen=True):
    """A trouble keeps users from being served."""

    trouble: Trouble


class OtherRelease(Struct, frozen=True):
    """Another release answers than the expected one. None where the service does not name it."""

    release: str | None
    expected: str


class BadStatus(Struct, frozen=True):
    """The public URL answers with another status than 200."""

    status: int


class NotKnown(Struct, frozen=True):
    """Nothing shows whether users are served. `answer` is None when the service has no address.

    `busy` means that an operation is under way.
    """

    answer: Answer | None
    busy: bool


Serving = Served | Paused | Prevented | OtherRelease | BadStatus | NotKnown


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
    if answer is None or answer.status is None:
        return "unknown"
    if not answer.good or answer.release not in {None, expected} or not all(trouble.serves for trouble in troubles):
        return "unhealthy"
    return "degraded" if troubles else "healthy"


def of_readiness(readiness: Readiness, known: ReadinessPage) -> tuple[Trouble, ...]:
    """The troubles in the service's own report."""
    troubles: list[Trouble] = [
        FailedCheck(check=check.name, reason=check.reason, why=check.why, fix=check.fix)
        for check in checks(readiness, known)
        if not check.ok
    ]
    if readiness.oldest_seconds is not None and readiness.oldest_seconds >= OLD_SECONDS:
        troubles.append(LongWait(seconds=readiness.oldest_seconds))
    if readiness.given_up:
        troubles.append(MessagesGivenUp(count=readiness.given_up, fix=known.given_up))
    return tuple(troubles)


def last_failure(releases: Sequence[RecordedRelease]) -> RecordedRelease | None:
    """The newest recorded release if its deployment failed."""
    return releases[-1] if releases and not releases[-1].release.healthy else None


def serves(state: State, answer: Answer | None, troubles: Sequence[Trouble]) -> bool:
    """Whether users are served, as far as it could be checked; during an operation, by whichever release answers."""
    if state == "deploying":
        return answer is not None and answer.good and all(trouble.serves for trouble in troubles)
    return state in {"healthy", "degraded"}


def serving(
    state: State, answer: Answer | None, expected: str, troubles: Sequence[Trouble], *, declared: bool
) -> Serving:
    """Whether users are served, with the first cause when they are not.

    `declared` means that the manifest declares the service paused.
    """
    bad = next((trouble for trouble in troubles if not trouble.serves), None)
    if state == "paused":
        return Paused(declared) if declared or bad is None else Prevented(bad)
    if bad is not None and (answer is None or answer.good):
        return Prevented(bad)
    busy = state == "deploying"
    if answer is None or answer.status is None or (busy and not answer.good):
        return NotKnown(answer, busy)
    if not answer.good:
        return BadStatus(answer.status)
    if not busy and answer.release not in {None, expected}:
        return OtherRelease(answer.release, expected)
    return Served(answer.release, busy)
