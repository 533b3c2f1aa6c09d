"""The inbox of an environment as text for people: never a text, a number or a message id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from deployer.errors import as_typed
from deployer.view.counts import counted
from deployer.view.documents.inbox import DeadDocument, InboxDocument, ReplayDocument
from deployer.view.table import render_table
from deployer.view.times import ago, duration

STATES: Final = {
    "waiting": "waiting",
    "with_backend": "with the backend",
    "being_sent": "being sent",
    "retrying": "waiting for a retry",
}


def render_inbox(inbox: InboxDocument) -> str:
    """How many messages wait, in which states, and the command that lists dead letters."""
    return "\n".join(_inbox_lines(inbox))


def _inbox_lines(inbox: InboxDocument) -> Iterator[str]:
    name = inbox.environment
    if not inbox.messages:
        yield f"{name}: no message waits."
    else:
        least = "" if inbox.complete else "at least "
        verb = "waits" if inbox.messages == 1 else "wait"
        oldest = "" if inbox.oldest_seconds is None else f", the oldest for {duration(inbox.oldest_seconds)}"
        yield f"{name}: {least}{counted(inbox.messages, 'message')} of {counted(inbox.users, 'user')} {verb}{oldest}."
        rows = [("  " + STATES.get(state, state), str(count)) for state, count in inbox.states.items()]
        yield render_table(rows)
    if inbox.given_up:
        yield as_typed(f"{_given_up(inbox.given_up)} given up. List them: just dead {name}")
    else:
        yield "No message was given up."
    yield from _whose(inbox.instance, shared=inbox.shared)


def render_dead(dead: DeadDocument, now: datetime) -> str:
    """The dead letters as a table, and the command that answers them."""
    name = dead.environment
    if not dead.letters:
        return "\n".join((f"{name}: no message was given up.", *_whose(dead.instance, shared=dead.shared)))
    rows = [("ID", "GIVEN UP", "KIND"), *((each.id, ago(each.died, now), each.kind) for each in dead.letters)]
    lines = [
        render_table(rows),
        *_older(dead),
        as_typed(f"Answer them after all: just replay {name} ID, or: just replay {name} --all"),
        *_whose(dead.instance, shared=dead.shared),
    ]
    return "\n".join(lines)


def _older(dead: DeadDocument) -> Iterator[str]:
    if (older := dead.total - len(dead.letters)) > 0:
        verb = "is" if older == 1 else "are"
        said = f"{counted(older, 'older message')} {verb} not listed"
        yield as_typed(f"{said}. List all: just dead {dead.environment} --limit {dead.total}")


def render_replayed(replay: ReplayDocument) -> str:
    """What was queued, and when the service begins with it."""
    return "\n".join(_replay_lines(replay))


def _replay_lines(replay: ReplayDocument) -> Iterator[str]:
    name = replay.environment
    if replay.replayed:
        queued = (
            f"{counted(len(replay.replayed), 'message')} {'is' if len(replay.replayed) == 1 else 'are'} queued again."
        )
        if replay.runs:
            within = f"The service begins within {replay.starts_within_seconds} s. Watch it: just inbox {name}"
        else:
            within = f"The service does not answer now; it begins when it runs: just status {name}"
        yield as_typed(f"{queued} {within}")
    elif not replay.unknown:
        yield f"{name}: no message was given up, so there is nothing to replay."
    if replay.unknown:
        yield f"{counted(len(replay.unknown), 'message')} had been replayed by another user, or expired."
    yield from _whose(replay.instance, shared=replay.shared)


def _given_up(count: int) -> str:
    return f"{counted(count, 'message')} {'was' if count == 1 else 'were'}"


def _whose(instance: str, *, shared: bool) -> Iterator[str]:
    if not shared:
        yield f"This is the inbox of instance {instance}; if there are others, each has its own."
