"""The findings of `doctor`: one for each check. A closed union.

`about` names the check and `state` is its result.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.account_finding import AccountFinding
from deployer.core.finding_state import State
from deployer.core.machine_finding import MachineFinding
from deployer.core.trouble import Trouble


class CheckFailed(Struct, frozen=True, kw_only=True):
    """A check ended in an error: what happened, why, and its fix."""

    about: str
    what: str
    why: str = ""
    fix: str = ""
    state: State = "problem"


class CheckBroken(Struct, frozen=True, kw_only=True):
    """A check ended in a defect of the deployer. `error` is the type of the exception."""

    state: ClassVar[State] = "unseen"
    about: str
    error: str


class CheckSkipped(Struct, frozen=True, kw_only=True):
    """A check was not made, because another one has to succeed first."""

    state: ClassVar[State] = "unseen"
    about: str
    needs: Literal["manifest", "local world", "credentials", "account"]


class Reviewers(Struct, frozen=True, kw_only=True):
    """Whether GitHub asks reviewers before a deployment; None without a token to ask GitHub with."""

    about: ClassVar[str] = "reviewers"
    asked: bool | None

    @property
    def state(self) -> State:
        if self.asked is None:
            return "unseen"
        return "ok" if self.asked else "problem"


class TargetFinding(Struct, frozen=True, kw_only=True):
    """What a target found out about itself in an account, in its own text."""

    about: str
    state: State
    text: str
    fix: str = ""


class UserTrouble(Struct, frozen=True, kw_only=True):
    """A trouble that the service reports about its users."""

    about: ClassVar[str] = "users"
    trouble: Trouble

    @property
    def state(self) -> State:
        return "note" if self.trouble.serves else "problem"


class UsersServed(Struct, frozen=True, kw_only=True):
    """The service reports that it can serve users, and how many messages wait."""

    about: ClassVar[str] = "users"
    state: ClassVar[State] = "ok"
    waiting: int | None
    given_up: int | None
    oldest_seconds: float | None


class NotRunning(Struct, frozen=True, kw_only=True):
    """The service does not run. `status` is the platform's, "" without a service."""

    about: ClassVar[str] = "users"
    state: ClassVar[State] = "note"
    status: str


class NotReported(Struct, frozen=True, kw_only=True):
    """The service does not report whether users are served. `path` is the page for it, "" when `file` names none."""

    about: ClassVar[str] = "users"
    state: ClassVar[State] = "unseen"
    path: str
    file: str


Finding = (
    MachineFinding
    | AccountFinding
    | CheckFailed
    | CheckBroken
    | CheckSkipped
    | Reviewers
    | TargetFinding
    | UserTrouble
    | UsersServed
    | NotRunning
    | NotReported
)
