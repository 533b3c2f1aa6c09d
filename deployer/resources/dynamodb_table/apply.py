"""Create the table, or change its settings. Each step is made only where it is still needed, so it can be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, assert_never

from deployer.errors import StateUnknown
from deployer.resources.dynamodb_table import api
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable, TableChange
from deployer.resources.dynamodb_table.plan import differing_settings
from deployer.resources.dynamodb_table.state import DesiredTable, ObservedTable, TableSetting
from deployer.resources.kind import Applying

DEADLINE: Final = 300.0  # seconds; a new table needs about ten
PAUSES: Final = (0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


def apply_table(change: TableChange, applying: Applying) -> None:
    """Create the table where it is absent, wait until it is ready, and make each change that is still needed."""
    match change:
        case CreateTable(table=table):
            api.create_table(api.open_client(applying.session), table)
        case ChangeTable(table=table):
            pass
        case _:
            assert_never(change)
    live = _ready(table, applying)
    for setting in differing_settings(table, live):
        if setting.name != "creation":
            applying.report_progress("", f"{setting.name} {setting.live} -> {setting.desired}")
            _change(setting, table, live, applying)


def _change(setting: TableSetting, table: DesiredTable, live: ObservedTable, applying: Applying) -> None:
    client = api.open_client(applying.session)
    match setting.name:
        case "billing mode":
            api.bill_on_demand(client, table.name)
        case "deletion protection":
            api.protect(client, table.name, enabled=table.deletion_protection)
        case "stream":
            api.end_stream(client, table.name)
        case "point-in-time recovery":
            api.end_recovery(client, table.name)
        case "expiry":
            # An attribute has to be switched off before another one is switched on, which AWS allows an hour later.
            api.expire(client, table.name, live.expires or table.expires, enabled=not live.expires)
        case "tags":
            api.tag(client, live.arn, table.tags)
        case "creation":
            pass
        case _:
            assert_never(setting.name)
    _ready(table, applying)  # while one change is under way, DynamoDB refuses the next


def _ready(table: DesiredTable, applying: Applying) -> ObservedTable:
    """Wait until the table is ACTIVE, and read it. Raises StateUnknown after five minutes, or when it is gone."""
    client = api.open_client(applying.session)
    wait_until(
        "ACTIVE",
        lambda: api.read_status(client, table.name),
        table.name,
        lambda status: applying.report_progress("", f"table {table.name} is {status}"),
    )
    live = api.read_table(client, table.name)
    if live is None:
        raise StateUnknown(f"table {table.name} was deleted while its settings were changed", fix="run again")
    return live


def wait_until(
    desired_status: str | None, read: Callable[[], str | None], name: str, on_progress: Callable[[str], None]
) -> None:
    """Wait until DynamoDB reports the desired status, None for a table that is gone; report each status before it.

    Raises StateUnknown after five minutes, or for a table that is gone and should be there.
    """
    end, reported, pauses = time.monotonic() + DEADLINE, "", iter(PAUSES)
    while (status := read()) != desired_status:
        if status is None:
            raise StateUnknown(f"table {name} was deleted outside the deployer", fix="run again")
        if time.monotonic() > end:
            raise StateUnknown(
                f"table {name} is still {status} after {DEADLINE / 60:.0f} minutes",
                fix=f"see its state: aws dynamodb describe-table --table-name {name}; then run again",
            )
        if status != reported:
            on_progress(status)
            reported = status
        time.sleep(next(pauses, PAUSES[-1]))
