"""`deployer logs ENV`: print log lines of the service, or of its target about it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from deployer.aws import logs
from deployer.environment.open import open_identity
from deployer.environment.usable_manifest import read_usable_identity
from deployer.errors import Blocked, UsageError
from deployer.run.scrub import Scrubber
from deployer.targets.base import Event, RunningOperation
from deployer.targets.registry import open_target
from deployer.view.documents.logs import LogLine
from deployer.view.progress import Reporter

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
USUALLY = 15 * 60.0  # seconds
LOOK_EVERY = 2.0  # seconds
LATE = 30_000  # ms: CloudWatch may show a line after one that was written later


class LogsOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path.

    `service` reads the platform's lines about the service instead of its own, `operation` those during one operation.
    `since` is a duration such as 15m; None for all lines of an operation, and 15 minutes of anything else. With
    `follow` the lines continue until the verb is interrupted.
    """

    environment: str
    service: bool = False
    operation: str | None = None
    since: str | None = None
    follow: bool = False


def read_logs(options: LogsOptions, report: Reporter, pause: Callable[[float], None] = time.sleep) -> Iterator[LogLine]:
    """The lines without secrets, oldest first.

    Raises Blocked without a service, and UsageError for an unknown operation or an invalid duration.
    """
    since = None if options.since is None else _seconds(options.since)
    identity = read_usable_identity(options.environment, report)
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
    one = RunningOperation(service.arn, options.operation or "")
    places = target.logs(one)
    group = places.platform if options.service or options.operation else places.application
    prefix = places.streams if options.operation else ""
    start = _start(options, since)
    printed: dict[str, int] = {}
    while True:
        lines = logs.since(session.logs, group, start, prefix=prefix, limit=10_000) if group else []
        if options.service or options.operation:
            lines += [_line(event) for event in target.events(one, start / 1000)]
        if options.operation and not lines and target.progress(one) is None:
            raise UsageError(
                f"{identity.service} has no operation {options.operation}",
                fix=f"the id is in what a reconcile prints, and in: just logs {identity.environment} --service",
            )
        for line in lines:
            if line.id not in printed:
                printed[line.id] = line.at
                yield LogLine(_moment(line.at), scrubber.clean([line.text])[0].rstrip("\n"))
        if not options.follow:
            return
        start = max([start, *(at - LATE for at in printed.values())])
        printed = {name: at for name, at in printed.items() if at >= start}
        pause(LOOK_EVERY)


def _line(event: Event) -> logs.Line:
    """An event of the platform as a line of its log."""
    at = int(event.at * 1000)
    return logs.Line(at, f"{at} {event.text}", event.text)


def _start(options: LogsOptions, since: float | None) -> int:
    """The time from which lines are read, in ms since 1970."""
    if since is None and options.operation:
        return 0
    ago = USUALLY if since is None else since
    return max(0, int((time.time() - ago) * 1000))


def _seconds(text: str) -> float:
    """Parse `90s`, `15m`, `2h` and `3d` as seconds. Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not match:
        raise UsageError(f"{text!r} is not a valid duration", fix="write it like 30s, 15m, 2h or 3d")
    return float(match[1]) * UNITS[match[2]]


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
