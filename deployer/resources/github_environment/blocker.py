"""What must be fixed before anything is written to GitHub. A closed union."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class _Blocker(Struct, frozen=True, kw_only=True):
    """`line` is the line of the manifest, "" when there is none."""

    line: str = ""


class NameInUse(_Blocker, frozen=True):
    """The deployer itself uses this name on GitHub."""

    name: str


class NameReserved(_Blocker, frozen=True):
    """GitHub reserves names with this prefix."""

    name: str
    prefix: str


class LongValue(_Blocker, frozen=True):
    """The value of a variable is longer than GitHub's limit. Sizes are in bytes."""

    name: str
    size: int
    limit: int


class NotStored(_Blocker, frozen=True):
    """SSM does not hold the secret at `path`. `generated` means that the deployer can generate it."""

    path: str
    generated: bool


class NotSecure(_Blocker, frozen=True):
    """The parameter of a secret is not a SecureString."""

    path: str


class Archived(_Blocker, frozen=True):
    """The repository is archived."""


class OtherRepository(_Blocker, frozen=True):
    """The repository with this name has other numbers than github.ids."""

    owner: int
    repository: int


class TooMany(_Blocker, frozen=True):
    """The environment would have more variables or secrets than GitHub's limit."""

    what: Literal["variables", "secrets"]
    count: int
    limit: int


Blocker = NameInUse | NameReserved | LongValue | NotStored | NotSecure | Archived | OtherRepository | TooMany
