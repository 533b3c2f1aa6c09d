"""The protocol of the inbox, as the webhook and the worker use it."""

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
    """The progress of a job. An answer is stored before it is sent, so that no finished answer is asked for twice."""

    RECEIVED = "received"
    PROCESSING = "processing"
    ANSWERED = "answered"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """A message to be answered. `parts` is the stored answer, `sent` how many of its parts were sent.

    `tries` counts the failed tries of the current step. `failed` means that `parts` is an apology. `started` is when
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
    """A message that was given up at `died`, in unix seconds. Its text is kept for a week for a replay.

    `parts` is the answer, if it exists, of which `sent` parts were sent: a replay sends the rest.
    """

    message: Message
    died: float
    parts: tuple[str, ...] = ()
    sent: int = 0


class InboxFull(Exception):
    """The inbox is full; Meta will deliver the message again."""


class InboxUnavailable(OSError):
    """The inbox cannot be read or written now."""


class Inbox(Protocol):
    """Stores jobs. All times are unix seconds. A leased job belongs to its lessee until the lease ends.

    Every method may raise InboxUnavailable. `extend`, `save`, `retry` and `finish` raise KeyError for a job that is not
    waiting, or whose lease another process has taken.
    """

    @property
    def problem(self) -> str:
        """Return why the inbox cannot store messages now, without their content; "" if it can."""

    async def open(self) -> None:
        """Open the inbox. Jobs that an earlier process left unfinished can be leased. Never raises: see `problem`."""

    async def aclose(self) -> None:
        """Close the inbox and return its leases."""

    async def put(self, messages: Sequence[Message]) -> int:
        """Commit all messages or none; return how many are new. A known wamid is skipped. Raises InboxFull."""

    async def lease(self, now: float, until: float) -> Job | None:
        """Lease the job that is due longest, of a user without a job under way; None if no job is due."""

    async def extend(self, wamid: str, until: float) -> None:
        """Extend a lease."""

    async def save(self, job: Job) -> None:
        """Store the progress of a leased job."""

    async def retry(self, job: Job, at: float) -> None:
        """Store the progress of a leased job and return the lease; it and the user's later jobs wait until `at`."""

    async def finish(self, wamid: str, state: State) -> None:
        """End a job. DONE deletes its text, and keeps its answer for KEEP_SENT and its wamid.

        FAILED makes it a dead letter.
        """

    async def resend(self, wamid: str, part: int, at: float) -> bool:
        """Queue a part that was sent and did not arrive again, as a job of its own that is due at `at`.

        `part` counts from 1. Returns False if the answer is no longer stored, or the part was queued already.
        """

    async def withdraw(self, wamid: str) -> bool:
        """Delete a message that is not being answered yet. Returns False if it does not exist or was started."""

    async def amend(self, wamid: str, text: str) -> bool:
        """Replace the text of a message that is not being answered yet. Returns False if absent or started."""

    async def waiting(self) -> int:
        """Return the number of unfinished jobs."""

    async def given_up(self) -> int:
        """Return the number of dead letters."""

    async def oldest(self) -> float | None:
        """Return when the oldest unfinished job was stored; None if there is no such job."""

    async def forget(self) -> None:
        """Delete what has expired; to be called every few seconds."""

    async def dead(self) -> Sequence[DeadLetter]:
        """Return the dead letters, oldest first."""

    async def replay(self, wamid: str) -> bool:
        """Queue a dead letter as if it had just arrived. Returns False if it does not exist."""
