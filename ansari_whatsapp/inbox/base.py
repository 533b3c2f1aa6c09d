"""The protocol of the inbox, as the webhook and the worker use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, Protocol

from ansari_whatsapp.inbox.tag import Tag
from ansari_whatsapp.webhook import Message, Status

REMEMBER: Final = 8 * 86400.0  # seconds: Meta delivers again for seven days
KEEP_DEAD: Final = 7 * 86400.0  # seconds
KEEP_SENT: Final = 60.0  # seconds at most: Meta can report of a part that it took that it did not arrive
KEEP_EARLY: Final = 86400.0  # seconds for an edit or a withdrawal that comes before its message
KEEP_PROFILE: Final = 86400.0  # seconds after the last message of a user
AGAIN: Final = "again"  # the kind of a job that sends one part once more


class State(Enum):
    """The progress of a job. An answer is stored before it is sent, so that no finished answer is asked for twice."""

    RECEIVED = "received"
    PROCESSING = "processing"
    ANSWERED = "answered"
    DONE = "done"
    FAILED = "failed"


class SeenMessage(NamedTuple):
    """A message of the last hour: when it was let through, in unix seconds, and short hashes of its wamid and text."""

    at: int
    wamid: str
    text: str


class SentNotice(NamedTuple):
    """When a user got a notice, in unix seconds, and the short hash of the message that it answered."""

    at: int
    wamid: str


@dataclass(frozen=True)
class Profile:
    """What is remembered of a user from message to message, on whichever instance the next one is answered.

    It holds no text. `notices` are by name, `language` is that of the last text, "" if unknown. `held`
    counts how often in a row Meta asked to wait before this user gets more.
    """

    seen: tuple[SeenMessage, ...] = ()
    notices: Mapping[str, SentNotice] = field(default_factory=dict)
    language: str = ""
    held: int = 0


@dataclass(frozen=True)
class Job:
    """A message to be answered. `parts` is the stored answer, `sent` how many of its parts were sent.

    `tries` counts the failed tries of the current step, `deaths` how often in that step a lease ended because its
    holder died or stopped responding. `failed` means that `parts` is an apology. `started` is when the backend was
    first asked, in unix seconds. `withdrawn` means that its writer deleted the message. `edits` counts its edits.
    `unsure` means that Meta may have accepted the next part; only an inbox that is not shared has to store it. `lease`
    identifies this lease of the job to the inbox.
    """

    message: Message
    state: State = State.RECEIVED
    parts: tuple[str, ...] = ()
    sent: int = 0
    tries: int = 0
    failed: bool = False
    started: float | None = None
    deaths: int = 0
    withdrawn: bool = False
    edits: int = 0
    unsure: bool = False
    profile: Profile = field(default_factory=Profile)
    lease: str = field(default="", compare=False)

    @property
    def in_doubt(self) -> bool:
        """Return whether the next part may have been sent, by this process or by one that died."""
        return self.state is State.ANSWERED and (self.unsure or self.deaths > 0)


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up at `died`, in unix seconds. Its text is kept for a week for a replay.

    `id` names it for a replay; it holds no phone number. `parts` is the answer, if it exists, of which `sent` parts
    were sent: a replay sends the rest.
    """

    id: str
    message: Message
    died: float
    parts: tuple[str, ...] = ()
    sent: int = 0


class Stage(Enum):
    """What happens to an unfinished job now. `WAITING` also when its turn comes after an earlier job of its user."""

    WAITING = "waiting"
    WITH_BACKEND = "with_backend"
    BEING_SENT = "being_sent"
    RETRYING = "retrying"

    @classmethod
    def of(cls, *, leased: bool, answered: bool, later: bool) -> Stage:
        """Return the stage of a user's first job. `later` means that its next try is not due yet."""
        if leased:
            return cls.BEING_SENT if answered else cls.WITH_BACKEND
        return cls.RETRYING if later else cls.WAITING


@dataclass(frozen=True)
class Backlog:
    """The unfinished jobs of an inbox: how many users have some, how many jobs are at each stage.

    `oldest` is about when the oldest of them was stored. It is not `complete` when only a part of the users was read.
    """

    users: int
    stages: Mapping[Stage, int]
    oldest: float | None
    complete: bool = True


class PutResult(NamedTuple):
    """The result of a put: how many messages are new, and the jobs that were leased in the same step."""

    new: int
    leased: tuple[Job, ...] = ()


class Turn(NamedTuple):
    """The result of leasing a user's next job.

    `job` is the job. Without it, `due` is when the user's work is due, because another lessee has it or it has to wait;
    None if the user has no work.
    """

    job: Job | None = None
    due: float | None = None


class InboxFull(Exception):
    """The inbox is full; Meta will deliver the message again."""


class InboxUnavailable(OSError):
    """The inbox cannot be read or written now."""


class LeaseLost(KeyError):
    """The job is not waiting any more, or its lease has ended and another lessee has it."""


class Changed(Exception):
    """The message was edited or withdrawn since it was leased. `job` is the job as it is now, still leased."""

    def __init__(self, job: Job) -> None:
        super().__init__("the message was changed by its writer")
        self.job = job


class Inbox(Protocol):
    """Stores jobs. All times are unix seconds. A leased job belongs to its lessee until the lease ends.

    Instances of the service that share an inbox answer each message once and the messages of one user in order.
    Every method may raise InboxUnavailable. `extend`, `save`, `retry`, `finish` and `give_back` take the leased job and
    raise LeaseLost when its lease is not valid any more.
    """

    @property
    def problem(self) -> str:
        """Return why the inbox cannot store messages now, without their content; "" if it can."""

    @property
    def poll(self) -> float:
        """The seconds at most between two reads for jobs that are due, when nothing wakes the worker."""

    @property
    def shared(self) -> bool:
        """Return whether instances on other machines work on the same jobs and continue what this one gives back."""

    async def open(self) -> None:
        """Open the inbox. Never raises: see `problem`."""

    async def aclose(self) -> None:
        """Close the inbox and give back its leases."""

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        """Store messages, and skip known wamids. Raises InboxFull.

        When it returns, all messages are stored; when it raises, some may be, and a repeated call completes them. Up to
        `room` jobs whose users have no other work may be leased until `until`, where that saves a call.
        """

    async def lease(self, now: float, until: float) -> Job | None:
        """Lease a due job of a user without a job under way; None if no job is due.

        A job whose lease has ended without being given back counts a death.
        """

    def name_of(self, user: str) -> str:
        """Return the inbox's own name of a user, without the phone number; "" if the inbox is not shared."""

    async def lease_user(self, name: str, now: float, until: float) -> Turn:
        """Lease a due job of the user with this name. An inbox that is not shared leases any due job."""

    async def due(self, now: float) -> Sequence[str]:
        """Return the names of users with due jobs, about and not all; none if the inbox is not shared."""

    async def extend(self, job: Job, until: float) -> None:
        """Extend a lease."""

    async def save(self, job: Job) -> None:
        """Store the progress of a leased job.

        To store its first answer is the last moment for a change of the message: raises Changed, and stores nothing,
        when the message was edited or withdrawn since `job` was returned. An inbox may store what a lease implies, that
        the backend is asked, with the lease, and the last part's progress with the end of the job.
        """

    async def retry(self, job: Job, at: float) -> None:
        """Store the progress of a leased job and return the lease; it and the user's later jobs wait until `at`."""

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        """Return the lease of a job that cannot be finished here, and store nothing: it is due at once, or `at`."""

    async def finish(self, job: Job, state: State) -> Job | None:
        """End a job; return the user's next job if it was leased in the same step.

        DONE deletes its text, and keeps its answer for up to KEEP_SENT and a mark of its wamid for REMEMBER. FAILED
        makes it a dead letter.
        """

    def tag(self, job: Job, part: int) -> str:
        """Return the text of the Tag of a part of the answer; `part` counts from 1."""

    async def settle(self, status: Status) -> None:
        """Keep the status of a part that is being sent, for `outcome`. Other statuses are ignored."""

    async def outcome(self, job: Job) -> Status | None:
        """Return the kept status of the next part of a leased job; None if no status of it came."""

    async def resend(self, tag: Tag, at: float) -> bool:
        """Queue a part that was sent and did not arrive again, as a job of its own that is due at `at`.

        Returns False if the answer is no longer stored or is another one, or the part was queued already.
        """

    async def withdraw(self, user: str, wamid: str) -> bool:
        """Withdraw a message whose answer is not being sent yet; if it did not come yet, once it comes.

        Returns False if the answer is being sent or was sent.
        """

    async def amend(self, user: str, wamid: str, text: str) -> bool:
        """Replace the text of a message whose answer is not being sent yet; if it did not come yet, once it comes.

        An answer to the earlier text that waits to be sent is dropped. Returns False as `withdraw` does.
        """

    async def waiting(self) -> int:
        """Return the number of unfinished jobs, or, where counting those is expensive, of users who have some."""

    async def given_up(self) -> int:
        """Return the number of dead letters."""

    async def oldest(self) -> float | None:
        """Return about when the oldest unfinished job was stored; None if there is no such job."""

    async def backlog(self) -> Backlog:
        """Return the unfinished jobs by stage. It reads a bounded number of jobs where reading them costs calls."""

    async def forget(self) -> None:
        """Delete what has expired; to be called every few seconds."""

    async def dead(self, newest: int | None = None) -> Sequence[DeadLetter]:
        """Return the dead letters, oldest first; only as many of the newest, if a number is given."""

    async def replay(self, id: str) -> bool:  # noqa: A002 -- the field of DeadLetter
        """Queue a dead letter as if it had just arrived. Returns False if it does not exist."""
