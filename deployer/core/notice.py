"""The notices of a plan: facts worth knowing that it does not change. A closed union."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.cause import Cause
from deployer.manifest.rule import KeyReason


class _Notice(Struct, frozen=True, kw_only=True):
    """`line` is the line of the manifest, as "staging.yaml:14"; "" when there is none."""

    group: ClassVar[str] = "Variables"
    symbol: ClassVar[Literal["!", "?"]] = "?"
    cause: Cause
    line: str = ""


class StagedVariable(_Notice, frozen=True):
    """A parameter was written since the running release: containers get it with the next deployment.

    `at_start` means that every container that starts gets it, without a deployment.
    """

    symbol: ClassVar[Literal["!", "?"]] = "!"
    variable: str
    at_start: bool = False

    @property
    def address(self) -> str:
        return self.variable


class KeptParameter(_Notice, frozen=True):
    """A parameter below the environment's path is kept, although the desired state does not name it.

    `in_service` means that the service holds this variable as a plain value.
    """

    path: str
    in_service: bool = False

    @property
    def address(self) -> str:
        return self.path


class LeftBehind(_Notice, frozen=True):
    """The parameters or the service of the running release stay, because the manifest names another path or service."""

    what: Literal["parameters", "service"]
    name: str

    @property
    def address(self) -> str:
        return self.name


class LeftTable(_Notice, frozen=True):
    """The inbox of the running release stays with its messages, because the manifest names another table, or none."""

    group: ClassVar[str] = "Inbox"
    table: str

    @property
    def address(self) -> str:
        return f"table {self.table}"


class UnmanagedSetting(_Notice, frozen=True):
    """A setting of the live service that the manifest does not name is kept. `value` is None when not known."""

    group: ClassVar[str] = "Service"
    name: str
    value: str | None

    @property
    def address(self) -> str:
        return self.name


class IgnoredKey(_Notice, frozen=True):
    """A key of the manifest that the target does not use. `target` is its title."""

    group: ClassVar[str] = "Service"
    key: str
    reason: KeyReason
    target: str

    @property
    def address(self) -> str:
        return self.key


Notice = StagedVariable | KeptParameter | LeftBehind | LeftTable | UnmanagedSetting | IgnoredKey
