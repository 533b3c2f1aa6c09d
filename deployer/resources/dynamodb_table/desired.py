"""The table of the inbox, the variable with its address, and what the service may do with it. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from deployer import names
from deployer.apps.app import Inbox as InboxOfApp
from deployer.apps.app import InboxTable
from deployer.core.desired import Desired
from deployer.core.target import Grant
from deployer.manifest.inbox import inbox_variable
from deployer.manifest.load import LoadedManifest
from deployer.resources.dynamodb_table.state import (
    KIND,
    TABLE_ARN,
    DesiredTable,
    Inbox,
    Index,
    Key,
    Shape,
    WaitingEntries,
)


def desired_table(desired: Desired, loaded: LoadedManifest) -> Desired:
    """Add the inbox of a service that can use a table; with a table where the manifest names one."""
    app, section = loaded.app.inbox, loaded.manifest.inbox
    if app is None:
        return desired
    inbox, given = Inbox(names.variable(app.variable), app.address), inbox_variable(loaded)
    if section is None or given is None:
        return replace(desired, resources={**desired.resources, KIND: inbox})
    protects = loaded.manifest.protect.confirm if section.deletion_protection is None else section.deletion_protection
    line = loaded.line("inbox")
    table = DesiredTable(
        name=section.table,
        shape=_shape(app.table),
        expires=app.table.expires or "",
        managed=section.managed,
        deletion_protection=protects,
        variable=given.variable,
        address=given.address,
        line=line,
        tags=desired.tags,
        waiting=_waiting(app),
    )
    return replace(
        desired,
        resources={**desired.resources, KIND: replace(inbox, table=table)},
        plain={**desired.plain, given.variable: given.address},
        lines={**desired.lines, given.variable: line},
        grants=(*desired.grants, _grant(app, table, desired)),
    )


def inbox_of(desired: Desired) -> Inbox | None:
    """The inbox of a service that can use a table."""
    inbox = desired.resources.get(KIND)
    assert inbox is None or isinstance(inbox, Inbox)
    return inbox


def table_of(desired: Desired) -> DesiredTable | None:
    """The table that the manifest names."""
    inbox = inbox_of(desired)
    return inbox.table if inbox else None


def _shape(table: InboxTable) -> Shape:
    keys = [Key(table.partition_key), *([Key(table.sort_key)] if table.sort_key else [])]
    if table.index is None:
        return Shape(tuple(keys))
    index = table.index
    sort = [Key(index.sort_key, index.sort_type)] if index.sort_key else []
    return Shape(tuple(keys), (Index(index.name, (Key(index.partition_key), *sort), tuple(sorted(index.include))),))


def _waiting(app: InboxOfApp) -> WaitingEntries | None:
    index = app.table.index
    if app.waiting is None or index is None:
        return None
    return WaitingEntries(index.name, index.partition_key, app.waiting.partitions, app.waiting.attribute)


def _grant(app: InboxOfApp, table: DesiredTable, desired: Desired) -> Grant:
    arn = TABLE_ARN.format(region=desired.region, account=desired.account, name=table.name)
    return app.actions, (arn, *(f"{arn}/index/{index.name}" for index in table.shape.indexes))
