"""The findings of `doctor`: one for each check. A closed union.

`about` names the check and `state` is its result: `unseen` is what could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from msgspec import Struct

from deployer.core.policies.rights import Need
from deployer.core.trouble import Trouble

State = Literal["ok", "note", "problem", "unseen"]
MOST_SKEW: Final = 300.0  # seconds; Signature Version 4 refuses a request that is older or newer


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


class PythonVersion(Struct, frozen=True, kw_only=True):
    """The version of Python."""

    about: ClassVar[str] = "python"
    state: ClassVar[State] = "ok"
    version: str


class Tool(Struct, frozen=True, kw_only=True):
    """A program on this machine. `found` is its path, or the names of those that work; "" when there is none.

    `broken` lists why those that were found do not work.
    """

    about: Literal["just", "images", "aws cli"]
    found: str
    broken: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        return "ok" if self.found else "note"


class CheckedOut(Struct, frozen=True, kw_only=True):
    """The commit that is checked out."""

    about: ClassVar[str] = "git"
    state: ClassVar[State] = "ok"
    commit: str


class Packages(Struct, frozen=True, kw_only=True):
    """Versions of installed packages, None for a missing package, and of locked packages, None without a lock file."""

    about: ClassVar[str] = "packages"
    file: str
    installed: Mapping[str, str | None]
    locked: Mapping[str, str] | None

    @property
    def differing(self) -> Mapping[str, str]:
        """The locked version of each package that has another version."""
        locked = self.locked or {}
        return {name: locked[name] for name, version in self.installed.items() if locked.get(name, version) != version}

    @property
    def state(self) -> State:
        if self.locked is None:
            return "unseen"
        return "problem" if self.differing else "ok"


class ManifestRead(Struct, frozen=True, kw_only=True):
    """The manifest. `problems` counts its problems; `first` is the first of them with its position."""

    about: ClassVar[str] = "manifest"
    path: str
    problems: int = 0
    first: str = ""

    @property
    def state(self) -> State:
        return "problem" if self.problems else "ok"


class Endpoint(Struct, frozen=True, kw_only=True):
    """The environment variables that lead botocore to another endpoint, without their values.

    `local` means that the manifest names an endpoint, which is used instead.
    """

    about: ClassVar[str] = "endpoint"
    variables: tuple[str, ...]
    local: bool

    @property
    def state(self) -> State:
        if not self.variables:
            return "ok"
        return "note" if self.local else "problem"


class WorldRuns(Struct, frozen=True, kw_only=True):
    """The local world runs."""

    about: ClassVar[str] = "local world"
    state: ClassVar[State] = "ok"
    summary: str


class WorldStopped(Struct, frozen=True, kw_only=True):
    """The local world does not run, and its ports are free."""

    about: ClassVar[str] = "local world"
    state: ClassVar[State] = "note"
    ports: tuple[int, ...]


class Reviewers(Struct, frozen=True, kw_only=True):
    """Whether GitHub asks reviewers before a deployment; None without a token to ask GitHub with."""

    about: ClassVar[str] = "reviewers"
    asked: bool | None

    @property
    def state(self) -> State:
        if self.asked is None:
            return "unseen"
        return "ok" if self.asked else "problem"


class Region(Struct, frozen=True, kw_only=True):
    """A region, and the regions where this botocore knows the target, by its title."""

    about: ClassVar[str] = "region"
    region: str
    title: str
    offered: tuple[str, ...]

    @property
    def state(self) -> State:
        return "ok" if self.region in self.offered else "problem"


class Credentials(Struct, frozen=True, kw_only=True):
    """The source of the credentials, "" when there are none."""

    about: ClassVar[str] = "credentials"
    source: str

    @property
    def state(self) -> State:
        return "ok" if self.source else "problem"


class Clock(Struct, frozen=True, kw_only=True):
    """How many seconds this machine's clock is ahead of AWS's; None when AWS's answer has no readable date."""

    about: ClassVar[str] = "clock"
    ahead: float | None

    @property
    def state(self) -> State:
        if self.ahead is None:
            return "unseen"
        return "ok" if abs(self.ahead) <= MOST_SKEW else "problem"


class Account(Struct, frozen=True, kw_only=True):
    """The account of the credentials, that of the manifest, and the caller's ARN."""

    about: ClassVar[str] = "account"
    live: str
    desired: str
    who: str

    @property
    def state(self) -> State:
        return "ok" if self.live == self.desired else "problem"


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


class Rights(Struct, frozen=True, kw_only=True):
    """What the caller may not do of what some verbs need."""

    verbs: str
    denied: tuple[Need, ...]

    @property
    def about(self) -> str:
        return f"rights: {self.verbs}"

    @property
    def state(self) -> State:
        return "problem" if self.denied else "ok"


class RootUser(Struct, frozen=True, kw_only=True):
    """The caller is the account's root user."""

    about: ClassVar[str] = "rights"
    state: ClassVar[State] = "note"


class RightsNotSimulated(Struct, frozen=True, kw_only=True):
    """IAM could not simulate the rights: for a caller of this kind, because of a refused call, or after an error.

    One of the three is not "".
    """

    about: ClassVar[str] = "rights"
    state: ClassVar[State] = "unseen"
    caller: str = ""
    refused: str = ""
    error: str = ""


Finding = (
    CheckFailed
    | CheckBroken
    | CheckSkipped
    | PythonVersion
    | Tool
    | CheckedOut
    | Packages
    | ManifestRead
    | Endpoint
    | WorldRuns
    | WorldStopped
    | Reviewers
    | Region
    | Credentials
    | Clock
    | Account
    | TargetFinding
    | UserTrouble
    | UsersServed
    | NotRunning
    | NotReported
    | Rights
    | RootUser
    | RightsNotSimulated
)
