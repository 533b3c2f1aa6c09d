"""Decide what `doctor` finds where that needs only data. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from deployer.core.account_finding import Clock
from deployer.core.finding import CheckFailed
from deployer.core.machine_finding import Endpoint, Packages
from deployer.errors import DeployerError

_LOCKED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_CALLER: Final = re.compile(r"arn:aws[a-z-]*:(?:sts|iam)::\d{12}:(?P<kind>assumed-role|user|root)(?:/(?P<rest>.+))?")


def failed(about: str, error: DeployerError) -> CheckFailed:
    """The finding of a check that ended in an error."""
    what = "; ".join(map(str.strip, error.what.splitlines()))
    return CheckFailed(about=about, what=what, why=error.why, fix=error.fix)


def clock(header: str, now: datetime) -> Clock:
    """Compare this machine's time with the Date header of an answer, which AWS sends in GMT."""
    try:
        theirs = parsedate_to_datetime(header)
    except ValueError:
        return Clock(ahead=None)
    return Clock(ahead=(now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds())


def packages(file: str, lock: str | None, installed: Mapping[str, str | None]) -> Packages:
    """Compare installed packages with the lines of a lock file; None when there is no such file."""
    locked = None if lock is None else dict(_LOCKED.findall(lock))
    if locked is not None:
        locked = {name: version for name, version in locked.items() if name in installed}
    return Packages(file=file, installed=installed, locked=locked)


def endpoint(env_vars: Mapping[str, str], *, local: bool) -> Endpoint:
    """Find variables that lead botocore to another endpoint. Values are left out: an address may hold a password."""
    set_names = sorted(name for name in env_vars if name.startswith("AWS_ENDPOINT_URL") and env_vars[name])
    return Endpoint(variables=tuple(set_names), local=local)


def caller(arn: str) -> tuple[str, str]:
    """The kind of caller of an STS ARN, and the name of the role or the user's own ARN; "" for any other kind."""
    match = _CALLER.fullmatch(arn)
    if match is None:
        return "", ""
    if match["kind"] == "assumed-role":
        return "role", (match["rest"] or "").partition("/")[0]
    return match["kind"], arn if ":iam:" in arn else ""
