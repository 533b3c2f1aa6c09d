"""The port of the inbox: what the webhook and the worker need of whatever keeps the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from ansari_whatsapp.webhook import Message

REMEMBER: Final = 8 * 86400.0  # seconds: Meta delivers again for seven days
KEEP_DEAD: Final = 7 * 86400.0  # seconds
KEEP_SENT: Final = 60.0  # seconds: Meta can say of a part that it took that it did not arrive
AGAIN: Final = "again"  # the kind of a job that sends one part once more


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

    `tries` counts the failed tries of the step it is at; `failed` says that `parts` is an apology; `started` is when
    the backend was first asked, in unix seconds.
    """

    message: Message
    state: State = State.RECEIVED
    parts: tuple[str, ...] = ()
    sent: int = 0
    tries: int = 0
    failed: bool = False
    started: float | None = None


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up. `died` is unix seconds; the text is kept for a week, so that it can be replayed.

    `parts` is the answer if there was one, of which `sent` have gone out: a replay sends the rest.
    """

    message: Message
    died: float
    parts: tuple[str, ...] = ()
    sent: int = 0


class InboxFull(Exception):
    """No more jobs are taken now; Meta will deliver again."""


class InboxUnavailable(OSError):
    """The inbox cannot be read or written now."""


class Inbox(Protocol):
    """All times are unix seconds. A leased job is nobody else's until its lease ends.

    Every method may raise InboxUnavailable. `extend`, `save`, `retry` and `finish` raise KeyError for a job that is not
    waiting, or whose lease has become somebody else's.
    """

    @property
    def problem(self) -> str:
        """Why nothing can be kept now, without a word of the messages; "" while all is well."""

    async def open(self) -> None:
        """Begin. What an earlier process left half done is there to be leased. Never raises: see `problem`."""

    async def aclose(self) -> None:
        """End; what is leased is given back."""

    async def put(self, messages: Sequence[Message]) -> int:
        """Commit all of them or none; returns how many are new. A known wamid is taken as done. Raises InboxFull."""

    async def lease(self, now: float, until: float) -> Job | None:
        """The job that is due longest, of a user who has none under way; None when there is nothing to do."""

    async def extend(self, wamid: str, until: float) -> None:
        """Keep a lease longer."""

    async def save(self, job: Job) -> None:
        """Store how far a leased job is."""

    async def retry(self, job: Job, at: float) -> None:
        """Store how far a leased job is and give the lease back; it and the user's later ones wait until `at`."""

    async def finish(self, wamid: str, state: State) -> None:
        """End a job. DONE: its text is forgotten, its answer kept for KEEP_SENT, its wamid remembered.

        FAILED: it becomes a dead letter.
        """

    async def resend(self, wamid: str, part: int, at: float) -> bool:
        """Put a part of an answer back that was sent and did not arrive: a job of its own, due at `at`.

        `part` counts from 1. False when the answer is no longer known, or the part was put back already.
        """

    async def withdraw(self, wamid: str) -> bool:
        """Forget a message that nobody has begun to answer; False when there is none, or it was begun."""

    async def amend(self, wamid: str, text: str) -> bool:
        """Replace the text of a message that nobody has begun to answer; False when there is none, or it was begun."""

    async def waiting(self) -> int:
        """How many jobs are not finished."""

    async def given_up(self) -> int:
        """How many dead letters there are."""

    async def oldest(self) -> float | None:
        """When the oldest job that is not finished was put; None when there is none."""

    async def forget(self) -> None:
        """Delete what has been kept long enough; to be called every few seconds."""

    async def dead(self) -> Sequence[DeadLetter]:
        """The dead letters, oldest first."""

    async def replay(self, wamid: str) -> bool:
        """Put a dead letter back as if it had just come; False when there is none."""
