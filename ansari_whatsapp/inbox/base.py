"""The port of the inbox: what the webhook and the worker need of whatever keeps the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from ansari_whatsapp.webhook import Message


class State(Enum):
    """How far a job is. An answer is kept before it is sent, so that no finished answer is asked for twice."""

    RECEIVED = "received"
    PROCESSING = "processing"
    ANSWERED = "answered"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """One message on its way. `parts` is the stored answer, `sent` how many of them have gone out.

    `tries` counts the failed tries of the step it is at; `failed` says that `parts` is an apology.
    """

    message: Message
    state: State = State.RECEIVED
    parts: tuple[str, ...] = ()
    sent: int = 0
    tries: int = 0
    failed: bool = False


class InboxFull(Exception):
    """No more jobs are taken now; Meta will deliver again."""


class Inbox(Protocol):
    """All times are unix seconds. A leased job is nobody else's until its lease ends.

    Only `put` may be called with a wamid that is not waiting; the other methods raise KeyError for one.
    """

    async def put(self, messages: Sequence[Message]) -> int:
        """Commit all of them or none; returns how many are new. A known wamid is taken as done.

        Raises InboxFull, or OSError when they cannot be kept.
        """

    async def lease(self, now: float, until: float) -> Job | None:
        """The oldest job that is due, of a user who has none under way; None when there is nothing to do."""

    async def extend(self, wamid: str, until: float) -> None:
        """Keep a lease longer."""

    async def save(self, job: Job) -> None:
        """Store how far a leased job is."""

    async def retry(self, job: Job, at: float) -> None:
        """Store how far a leased job is and give the lease back; it and the user's later ones wait until `at`."""

    async def finish(self, wamid: str, state: State) -> None:
        """End a job as DONE or FAILED. Its text is forgotten; its wamid is remembered."""

    async def waiting(self) -> int:
        """How many jobs are not finished."""
