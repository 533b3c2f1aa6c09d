"""The findings of `doctor` about the account: its region, the credentials and their rights, and the clock."""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from deployer.core.finding_state import State
from deployer.core.policies.rights import Need

MOST_SKEW: Final = 300.0  # seconds; Signature Version 4 refuses a request that is older or newer


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


AccountFinding = Region | Credentials | Clock | Account | Rights | RootUser | RightsNotSimulated
