"""Changes of the table of a shared inbox."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.change import BaseChange
from deployer.resources.dynamodb_table.state import DesiredTable, TableSetting


class CreateTable(BaseChange, frozen=True):
    """Create the table of the inbox, wait until it is ready, and switch its expiry on."""

    group: ClassVar[str] = "Inbox"
    table: DesiredTable

    @property
    def address(self) -> str:
        return f"table {self.table.name}"


class ChangeTable(BaseChange, frozen=True):
    """Set settings of the table back to what the deployer keeps. Its keys and indexes are never changed."""

    group: ClassVar[str] = "Inbox"
    table: DesiredTable
    settings: tuple[TableSetting, ...]

    @property
    def address(self) -> str:
        return f"table {self.table.name}"


TableChange = CreateTable | ChangeTable
