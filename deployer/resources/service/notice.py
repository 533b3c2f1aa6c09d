"""The notices of a plan about the service."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.notice import BaseNotice
from deployer.manifest.rule import KeyReason


class UnmanagedSetting(BaseNotice, frozen=True):
    """A setting of the live service that the manifest does not name is kept. `value` is None when not known."""

    group: ClassVar[str] = "Service"
    name: str
    value: str | None

    @property
    def address(self) -> str:
        return self.name


class IgnoredKey(BaseNotice, frozen=True):
    """A key of the manifest that the target does not use. `target` is its title."""

    group: ClassVar[str] = "Service"
    key: str
    reason: KeyReason
    target: str

    @property
    def address(self) -> str:
        return self.key


ServiceNotice = UnmanagedSetting | IgnoredKey
