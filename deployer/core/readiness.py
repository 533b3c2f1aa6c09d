"""The report of the service at /ready, and what each reason in it means for an operator."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from deployer.apps.app import ReadinessPage, Reason

OLD_SECONDS: Final = 300.0  # a message that waits longer has been tried several times
INSTANCE: Final = "instance"  # the check that fails for a reason that the project does not explain
LONGEST: Final = 200  # characters of a text from outside


class Readiness(Struct, frozen=True):
    """The readiness of one instance. `reasons` are the service's names for what keeps it from serving users.

    Counts that the service does not report are None; so is `oldest_seconds` when no message waits. `cpu` is the
    service's name for whether its work gets processor time, "" if it reports none.
    """

    ready: bool
    reasons: tuple[str, ...] = ()
    waiting: int | None = None
    given_up: int | None = None
    oldest_seconds: float | None = None
    cpu: str = ""


class Check(Struct, frozen=True):
    """One thing that users depend on: whether it works and, when it does not, the service's reason, "" for none.

    `why` and `fix` are those of deployer.yaml, "" where it does not explain the reason; ENV is the environment.
    """

    name: str
    ok: bool
    reason: str = ""
    why: str = ""
    fix: str = ""


def parse(body: bytes) -> Readiness | None:
    """Parse the readiness in the body of an answer; None when it holds none. Unknown fields are ignored."""
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(report, dict) or not isinstance(report.get("ready"), bool):
        return None
    reasons, cpu = report.get("reasons"), report.get("cpu")
    return Readiness(
        ready=report["ready"],
        reasons=tuple(plain(reason) for reason in reasons if isinstance(reason, str))
        if isinstance(reasons, list)
        else (),
        waiting=_count(report.get("waiting")),
        given_up=_count(report.get("given_up")),
        oldest_seconds=_seconds(report.get("oldest_seconds")),
        cpu=plain(cpu) if isinstance(cpu, str) else "",
    )


def checks(readiness: Readiness, known: ReadinessPage) -> tuple[Check, ...]:
    """Every check with its result; a check that fails for two reasons is listed twice.

    `known` gives the meaning of this service's reasons.
    """
    failed = [_failed(reason, known.reasons.get(reason)) for reason in readiness.reasons]
    if not readiness.ready and not failed:
        failed.append(Check(INSTANCE, ok=False))
    bad = {check.name for check in failed}
    return (*failed, *(Check(name, ok=True) for name in known.checks if name not in bad))


def plain(text: str) -> str:
    """Text from outside on one line, shortened, without characters that a terminal obeys."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _failed(reason: str, meaning: Reason | None) -> Check:
    if meaning is None:
        return Check(INSTANCE, ok=False, reason=reason)
    return Check(meaning.check, ok=False, reason=reason, why=meaning.why, fix=meaning.fix)


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _seconds(value: Any) -> float | None:
    fits = type(value) in {int, float} and 0 <= value < float("inf")
    return float(value) if fits else None
