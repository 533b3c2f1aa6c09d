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


def render_inbox(found: InboxDocument) -> str:
    """How many messages wait, in which states, and the command that lists dead letters."""
    return "\n".join(_inbox_lines(found))


def _inbox_lines(found: InboxDocument) -> Iterator[str]:
    name = found.environment
    if not found.messages:
        yield f"{name}: no message waits."
    else:
        least = "" if found.complete else "at least "
        verb = "waits" if found.messages == 1 else "wait"
        oldest = "" if found.oldest_seconds is None else f", the oldest for {duration(found.oldest_seconds)}"
        yield f"{name}: {least}{counted(found.messages, 'message')} of {counted(found.users, 'user')} {verb}{oldest}."
        rows = [("  " + STATES.get(state, state), str(count)) for state, count in found.states.items()]
        yield render_table(rows)
    if found.given_up:
        yield as_typed(f"{_given_up(found.given_up)} given up. List them: just dead {name}")
    else:
        yield "No message was given up."
    yield from _whose(found.instance, shared=found.shared)


def render_dead(found: DeadDocument, now: datetime) -> str:
    """The dead letters as a table, and the command that answers them."""
    name = found.environment
    if not found.letters:
        return "\n".join((f"{name}: no message was given up.", *_whose(found.instance, shared=found.shared)))
    rows = [("ID", "GIVEN UP", "KIND"), *((each.id, ago(each.died, now), each.kind) for each in found.letters)]
    lines = [
        render_table(rows),
        *_older(found),
        as_typed(f"Answer them after all: just replay {name} ID, or: just replay {name} --all"),
        *_whose(found.instance, shared=found.shared),
    ]
    return "\n".join(lines)


def _older(found: DeadDocument) -> Iterator[str]:
    if (older := found.total - len(found.letters)) > 0:
        verb = "is" if older == 1 else "are"
        said = f"{counted(older, 'older message')} {verb} not listed"
        yield as_typed(f"{said}. List all: just dead {found.environment} --limit {found.total}")


def render_replayed(found: ReplayDocument) -> str:
    """What was queued, and when the service begins with it."""
    return "\n".join(_replay_lines(found))


def _replay_lines(found: ReplayDocument) -> Iterator[str]:
    name = found.environment
    if found.replayed:
        queued = (
            f"{counted(len(found.replayed), 'message')} {'is' if len(found.replayed) == 1 else 'are'} queued again."
        )
        if found.runs:
            within = f"The service begins within {found.starts_within_seconds} s. Watch it: just inbox {name}"
        else:
            within = f"The service does not answer now; it begins when it runs: just status {name}"
        yield as_typed(f"{queued} {within}")
    elif not found.unknown:
        yield f"{name}: no message was given up, so there is nothing to replay."
    if found.unknown:
        yield f"{counted(len(found.unknown), 'message')} had been replayed by another user, or expired."
    yield from _whose(found.instance, shared=found.shared)


def _given_up(count: int) -> str:
    return f"{counted(count, 'message')} {'was' if count == 1 else 'were'}"


def _whose(instance: str, *, shared: bool) -> Iterator[str]:
    if not shared:
        yield f"This is the inbox of instance {instance}; if there are others, each has its own."
