"""Why something is kept when its environment is destroyed, whatever its kind."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class UsedBy(Struct, frozen=True):
    """Another environment uses it."""

    environment: str


class NeedsOption(Struct, frozen=True):
    """It is deleted only with an option of the command line."""

    option: Literal["--with-secrets", "--with-repository"]


class NotOurs(Struct, frozen=True):
    """It does not carry the deployer's tag."""


class NotManaged(Struct, frozen=True):
    """The manifest does not let the deployer manage it."""


class History(Struct, frozen=True):
    """The ledger is never deleted."""


class TargetLogs(Struct, frozen=True):
    """The platform with this title owns the logs."""

    title: str


CommonReason = UsedBy | NeedsOption | NotOurs | NotManaged | History | TargetLogs
