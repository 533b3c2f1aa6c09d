"""The findings of `doctor` about this machine: its programs, packages, checkout, manifest and local world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.finding_state import State


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


MachineFinding = PythonVersion | Tool | CheckedOut | Packages | ManifestRead | Endpoint | WorldRuns | WorldStopped
