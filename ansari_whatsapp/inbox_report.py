"""What an operator sees of the inbox, and does with dead letters: numbers, ids and times.

No report holds a text, a phone number or a wamid.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ansari_whatsapp.inbox import AGAIN, Inbox, InboxFull, InboxUnavailable, Stage
from ansari_whatsapp.webhook import KNOWN

KINDS: Final = KNOWN | {"text", "interactive", "button", AGAIN}
OTHER: Final = "other"


@dataclass(frozen=True)
class InboxReport:
    """What waits. `states` counts messages by the value of their Stage; `given_up` counts dead letters.

    `instance` names the instance that answered, "" when the inbox was read without one. An inbox that is not `shared`
    belongs to that instance: others have their own. When it is not `complete`, more messages wait than were counted.
    """

    instance: str
    shared: bool
    users: int
    messages: int
    states: Mapping[str, int]
    oldest_seconds: float | None
    complete: bool
    given_up: int


@dataclass(frozen=True)
class Letter:
    """A dead letter: the id for a replay, when it was given up, and the kind of the message."""

    id: str
    died: str
    kind: str


@dataclass(frozen=True)
class DeadReport:
    """The dead letters, newest first, and how many there are in all; see InboxReport."""

    instance: str
    shared: bool
    letters: tuple[Letter, ...]
    total: int


@dataclass(frozen=True)
class ReplayReport:
    """The dead letters that were queued again, and the ids that the inbox does not have.

    Their answers begin within `starts_within_seconds` while the service runs. `stopped` is why the rest was not queued.
    """

    instance: str
    shared: bool
    replayed: tuple[str, ...]
    unknown: tuple[str, ...]
    starts_within_seconds: int
    stopped: str = field(default="")


async def report_inbox(inbox: Inbox, instance: str = "") -> InboxReport:
    """Count what waits. Raises InboxUnavailable."""
    backlog = await inbox.backlog()
    states = {stage.value: backlog.stages.get(stage, 0) for stage in Stage}
    age = None if backlog.oldest is None else round(max(0.0, time.time() - backlog.oldest), 1)
    given_up = await inbox.given_up()
    return InboxReport(
        instance, inbox.shared, backlog.users, sum(states.values()), states, age, backlog.complete, given_up
    )


async def report_dead(inbox: Inbox, instance: str = "", limit: int | None = None) -> DeadReport:
    """List the dead letters, `limit` of the newest at most. Raises InboxUnavailable."""
    letters = tuple(
        Letter(letter.id, _utc(letter.died), letter.message.kind if letter.message.kind in KINDS else OTHER)
        for letter in reversed(await inbox.dead(limit))
    )
    total = len(letters) if limit is None or len(letters) < limit else await inbox.given_up()
    return DeadReport(instance, inbox.shared, letters, max(total, len(letters)))


async def replay_dead(inbox: Inbox, ids: Sequence[str] | None, instance: str = "") -> ReplayReport:
    """Queue these dead letters, or all, as if they had just arrived. A running service answers them by itself.

    Raises InboxUnavailable when the inbox cannot be read at all.
    """
    chosen = [letter.id for letter in await inbox.dead()] if ids is None else list(dict.fromkeys(ids))
    replayed: list[str] = []
    unknown: list[str] = []
    stopped = ""
    for each in chosen:
        try:
            existed = await inbox.replay(each)
        except InboxFull:
            stopped = "the inbox is full"
            break
        except InboxUnavailable as error:
            stopped = str(error)
            break
        (replayed if existed else unknown).append(each)
    within = math.ceil(inbox.poll)
    return ReplayReport(instance, inbox.shared, tuple(replayed), tuple(unknown), within, stopped)


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
