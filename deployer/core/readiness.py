"""What the service reports at /ready, and what each reason means for an operator."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from msgspec import Struct

OLD_SECONDS: Final = 300.0  # a message that waits longer has been tried several times
LONGEST: Final = 200  # characters of a text from outside


class Readiness(Struct, frozen=True):
    """The readiness of one instance. `reasons` are the service's names for what is in the way of serving users.

    Counts that the service does not report are None; so is `oldest_seconds` when no message waits.
    """

    ready: bool
    reasons: tuple[str, ...] = ()
    waiting: int | None = None
    given_up: int | None = None
    oldest_seconds: float | None = None


class Check(Struct, frozen=True):
    """One thing that users depend on: whether it works and, when it does not, why and what to do."""

    name: str
    ok: bool
    why: str = ""
    fix: str = ""


class _Cause(NamedTuple):
    check: str
    why: str
    fix: str


CHECKS: Final = ("inbox", "meta", "backend", "instance")
_TOKEN = _Cause(
    "meta",
    "Meta refuses the access token",
    "just secret set ENV meta-access-token-from-sys-user, then: just reconcile ENV",
)
# The reasons are those of ansari_whatsapp/readiness.py, and the one word of releases before it.
CAUSES: Final[dict[str, _Cause]] = {
    "inbox": _Cause(
        "inbox", "the inbox cannot be read or written, so Meta's messages are refused", "just logs ENV --since 1h"
    ),
    "inbox_full": _Cause(
        "inbox", "the inbox is full, so Meta's messages are refused", "raise inbox-capacity, or see why: just logs ENV"
    ),
    "meta_token": _TOKEN,
    "meta refuses the token or the account": _TOKEN,
    "meta_account": _Cause(
        "meta",
        "Meta refuses the account or the number",
        "see its state at https://business.facebook.com/wa/manage, and the code in: just logs ENV --since 1h",
    ),
    "meta_unreachable": _Cause(
        "meta", "Meta's Graph API does not answer", "see https://metastatus.com; messages wait until it answers"
    ),
    "backend_unreachable": _Cause(
        "backend", "ansari-backend does not answer", "start the backend, or correct backend-server-url: just plan ENV"
    ),
    "backend_key": _Cause(
        "backend",
        "ansari-backend refuses the API key",
        "just secret set ENV whatsapp-service-api-key, then: just reconcile ENV",
    ),
    "stopping": _Cause("instance", "the instance that answered is stopping", "ask again: just status ENV"),
}


def parse(body: bytes) -> Readiness | None:
    """The readiness in the body of an answer; None when it holds none. Fields that are not known are ignored."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("ready"), bool):
        return None
    reasons = found.get("reasons")
    return Readiness(
        ready=found["ready"],
        reasons=tuple(plain(reason) for reason in reasons if isinstance(reason, str))
        if isinstance(reasons, list)
        else (),
        waiting=_count(found.get("waiting")),
        given_up=_count(found.get("given_up")),
        oldest_seconds=_seconds(found.get("oldest_seconds")),
    )


def checks(readiness: Readiness, environment: str) -> tuple[Check, ...]:
    """Every check with its result; one that fails for two reasons is there twice."""
    failed: list[Check] = []
    for reason in readiness.reasons:
        cause = CAUSES.get(reason) or _Cause("instance", f"the service reports: {reason}", "just logs ENV --since 1h")
        failed.append(Check(cause.check, ok=False, why=cause.why, fix=cause.fix.replace("ENV", environment)))
    if not readiness.ready and not failed:
        why = "the service reports that it is not ready, and no reason"
        failed.append(Check("instance", ok=False, why=why, fix=f"just logs {environment} --since 1h"))
    bad = {check.name for check in failed}
    return (*failed, *(Check(name, ok=True) for name in CHECKS if name not in bad))


def plain(text: str) -> str:
    """A text from outside on one line, without what a terminal would obey, and not too long."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _seconds(value: Any) -> float | None:
    fits = type(value) in {int, float} and 0 <= value < float("inf")
    return float(value) if fits else None
