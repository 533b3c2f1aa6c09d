"""`deployer logs ENV`: print log lines of the service, or of its target about it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import to_builtins

from deployer.aws import logs
from deployer.environment.open import open_identity
from deployer.errors import Blocked, UsageError
from deployer.manifest.identity import Identity
from deployer.run.scrub import Scrubber
from deployer.targets.base import Started
from deployer.targets.registry import open_target
from deployer.view.documents import LogLine
from deployer.view.safe import hanging, without_colours

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
USUALLY = 15 * 60.0  # seconds
LOOK_EVERY = 2.0  # seconds
LATE = 30_000  # ms: CloudWatch may show a line after one that was written later


@dataclass(frozen=True)
class Wanted:
    """The lines to print: of the platform instead of the application, of one operation, from `since` seconds ago on.

    Without `since`: all lines of an operation, and 15 minutes of anything else.
    """

    platform: bool
    operation: str | None
    since: float | None
    follow: bool


def seconds(text: str) -> float:
    """Parse `90s`, `15m`, `2h` and `3d` as seconds. Raises UsageError."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not found:
        raise UsageError(f"{text!r} is not a valid duration", fix="write it like 30s, 15m, 2h or 3d")
    return float(found[1]) * UNITS[found[2]]


def tail(identity: Identity, wanted: Wanted, pause: Callable[[float], None] = time.sleep) -> Iterator[LogLine]:
    """The lines without secrets, oldest first; with `follow` they continue indefinitely.

    Raises Blocked without a service, and UsageError for an unknown operation.
    """
    session, _ = open_identity(identity)
    target = open_target(identity.target, session)
    service = target.observe(identity.service)[0]
    if service is None:
        raise Blocked(f"there is no service {identity.service} yet", fix=f"just reconcile {identity.environment}")
    scrubber = Scrubber.below(session, identity.parameter_path)
    if not scrubber.learn():
        raise Blocked(
            "these credentials may not read the secrets, so secrets in the lines cannot be hidden",
            fix="allow ssm:DescribeParameters and ssm:GetParameters with decryption,"
            " or read the log group in the AWS console",
        )
    one = Started(service.arn, wanted.operation or "")
    places = target.logs(one)
    group = places.platform if wanted.platform or wanted.operation else places.application
    prefix = places.streams if wanted.operation else ""
    start = _start(wanted)
    told: dict[str, int] = {}
    while True:
        lines = logs.since(session.logs, group, start, prefix=prefix, limit=10_000)
        if wanted.operation and not lines and target.progress(one) is None:
            raise UsageError(
                f"{identity.service} has no operation {wanted.operation}",
                fix=f"the id is in what a reconcile prints, and in: just logs {identity.environment} --service",
            )
        for line in lines:
            if line.id not in told:
                told[line.id] = line.at
                yield LogLine(_moment(line.at), scrubber.clean([line.text])[0].rstrip("\n"))
        if not wanted.follow:
            return
        start = max([start, *(at - LATE for at in told.values())])
        told = {name: at for name, at in told.items() if at >= start}
        pause(LOOK_EVERY)


def _start(wanted: Wanted) -> int:
    """The time from which lines are read, in ms since 1970."""
    if wanted.since is None and wanted.operation:
        return 0
    ago = USUALLY if wanted.since is None else wanted.since
    return max(0, int((time.time() - ago) * 1000))


def show(line: LogLine, *, as_json: bool) -> str:
    """A line for a person, or one of JSON. Further lines of one event are indented to the text of the first."""
    if as_json:
        return json.dumps(to_builtins(line), ensure_ascii=False)
    return f"{line.at}  {hanging(without_colours(line.text), len(line.at) + 2)}"


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
