"""The notices of a plan about the table of the inbox."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.notice import BaseNotice


class LeftTable(BaseNotice, frozen=True):
    """The inbox of the running release stays with its messages, because the manifest names another table, or none."""

    group: ClassVar[str] = "Inbox"
    table: str

    @property
    def address(self) -> str:
        return f"table {self.table}"
