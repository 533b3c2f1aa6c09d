"""The reports of the service about its inbox, as JSON. They hold numbers, times and ids, nothing else."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from deployer.core.readiness import plain

Count = Annotated[int, Meta(ge=0)]
Word = Annotated[str, Meta(pattern=r"^[a-z_]{1,30}$")]
LetterId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.=-]{1,100}$")]
InstanceId = Annotated[str, Meta(pattern=r"^[0-9a-f]{0,32}$")]
Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")]
MOST_AT_ONCE: Final = 1000  # ids in one replay


class InboxReport(Struct, frozen=True, kw_only=True):
    """The messages that wait. `states` counts them by what happens to them, `given_up` counts dead letters.

    `instance` is the instance that reported, "" for the table itself. An inbox that is not `shared` is on that
    instance's disk. When it is not `complete`, more messages wait than were counted.
    """

    instance: InstanceId
    shared: bool
    users: Count
    messages: Count
    states: dict[Word, Count]
    oldest_seconds: Annotated[float, Meta(ge=0)] | None
    complete: bool
    given_up: Count


class Letter(Struct, frozen=True):
    """A dead letter: a message that was given up. `died` is ISO 8601 in UTC."""

    id: LetterId
    died: Moment
    kind: Word


class DeadReport(Struct, frozen=True, kw_only=True):
    """The dead letters; `instance` and `shared` as in InboxReport.

    `total` is how many there are; an older service lists all of them, and reports no total.
    """

    instance: InstanceId
    shared: bool
    letters: tuple[Letter, ...]
    total: Count = 0

    def newest(self, limit: int) -> DeadReport:
        """Return the newest letters first, `limit` at most, with the total."""
        letters = sorted(self.letters, key=lambda letter: letter.died, reverse=True)
        return replace(self, letters=tuple(letters[:limit]), total=max(self.total, len(letters)))


class ReplayReport(Struct, frozen=True, kw_only=True):
    """The dead letters that were queued again, and the ids that the inbox no longer has.

    `stopped` is why the rest was not queued, "" if all were. A service that runs begins within `starts_within_seconds`.
    """

    instance: InstanceId
    shared: bool
    replayed: tuple[LetterId, ...]
    unknown: tuple[LetterId, ...]
    starts_within_seconds: Count
    stopped: str = ""


class Failure(Struct, frozen=True):
    """The error that the service reports instead."""

    error: str


Report = TypeVar("Report", InboxReport, DeadReport, ReplayReport, Failure)


def parse_report(body: bytes, kind: type[Report]) -> Report | None:
    """Parse a report; None when the body holds none. Unknown fields are ignored."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def reported_error(body: bytes) -> str:
    """The error in the body of an answer, on one line; "" when it holds none."""
    failure = parse_report(body, Failure)
    return plain(failure.error) if failure else ""
