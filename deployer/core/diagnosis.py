"""The checks of `doctor`: one finding for each, and the checks that need only data. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from msgspec import Struct

from deployer.errors import DeployerError

State = Literal["ok", "note", "problem", "unseen"]
MOST_SKEW: Final = timedelta(minutes=5)  # Signature Version 4 refuses a request that is older or newer
_LOCKED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_CALLER: Final = re.compile(r"arn:aws[a-z-]*:(?:sts|iam)::\d{12}:(?P<kind>assumed-role|user|root)(?:/(?P<rest>.+))?")


class Finding(Struct, frozen=True):
    """The result of one check. `unseen` is what could not be read; `fix` is "" where nothing has to be done."""

    about: str
    state: State
    says: str
    fix: str = ""


def failed(about: str, error: DeployerError) -> Finding:
    """The finding of a check that ended in an error."""
    what = "; ".join(map(str.strip, error.what.splitlines()))
    return Finding(about, "problem", f"{what}: {error.why}" if error.why else what, error.fix)


def clock(header: str, now: datetime) -> Finding:
    """Compare this machine's time with the Date header of an answer, which AWS sends in GMT."""
    try:
        theirs = parsedate_to_datetime(header)
    except ValueError:
        return Finding("clock", "unseen", "the answer of AWS has no readable Date")
    ahead = (now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(ahead) <= MOST_SKEW.total_seconds():
        return Finding("clock", "ok", "within five minutes of AWS's")
    way = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "clock",
        "problem",
        f"{round(abs(ahead) / 60)} minutes {way} AWS's, which refuses signatures that are off by more than five",
        "set this machine's clock, for example with: sudo timedatectl set-ntp true",
    )


def account(found: str, wanted: str, who: str) -> Finding:
    """Compare the account of the credentials with the manifest's."""
    if found == wanted:
        return Finding("account", "ok", f"{found}, as {who}")
    return Finding(
        "account",
        "problem",
        f"these credentials belong to account {found}, the manifest names {wanted}",
        "use the credentials of the manifest's account, or correct aws.account in the manifest",
    )


def versions(lock: str, installed: Mapping[str, str | None]) -> Finding:
    """Compare installed packages with the lines of a lock file."""
    locked = dict(_LOCKED.findall(lock))
    other = [
        f"{name} {installed[name] or 'is missing'}, locked {locked[name]}"
        for name in installed
        if name in locked and installed[name] != locked[name]
    ]
    if other:
        return Finding(
            "packages",
            "problem",
            "; ".join(other),
            "remove .venv/.requirements.lock, then: just check (it installs them)",
        )
    return Finding("packages", "ok", ", ".join(f"{name} {found}" for name, found in installed.items()))


def redirections(environment: Mapping[str, str], *, local: bool) -> Finding:
    """Find variables that lead botocore to another endpoint. Values are left out: an address may hold a password."""
    found = sorted(name for name in environment if name.startswith("AWS_ENDPOINT_URL") and environment[name])
    if not found:
        return Finding("endpoint", "ok", "no AWS_ENDPOINT_URL is set")
    if local:
        return Finding("endpoint", "note", f"{', '.join(found)}: set, and not used, because the manifest names its own")
    return Finding(
        "endpoint",
        "problem",
        f"{', '.join(found)}: set, but the manifest names no endpoint",
        f"unset {' '.join(found)}, or name the endpoint as aws.endpoint in the manifest",
    )


def region(wanted: str, offered: Sequence[str], title: str) -> Finding:
    """Check whether a target, by its title, is offered in a region, as far as this botocore knows."""
    if wanted in offered:
        return Finding("region", "ok", f"{title} is offered in {wanted}")
    return Finding(
        "region",
        "problem",
        f"{title} is not offered in {wanted}",
        f"choose another aws.region: {', '.join(sorted(offered))}",
    )


def caller(arn: str) -> tuple[str, str]:
    """The kind of caller of an STS ARN, and the name of the role or the user's own ARN; "" for any other kind."""
    match = _CALLER.fullmatch(arn)
    if match is None:
        return "", ""
    if match["kind"] == "assumed-role":
        return "role", (match["rest"] or "").partition("/")[0]
    return match["kind"], arn if ":iam:" in arn else ""
