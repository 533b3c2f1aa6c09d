"""The table of the inbox as text: its changes, what blocks them, and why it is kept."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.resources.dynamodb_table.blocker import (
    BusyTable,
    ForeignTable,
    MissingTable,
    OtherInbox,
    OtherShape,
    TableBlocker,
)
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable, TableChange
from deployer.resources.dynamodb_table.notice import LeftTable
from deployer.resources.dynamodb_table.reason import MessagesWait, OtherTable
from deployer.resources.dynamodb_table.state import Index, Key, Shape
from deployer.resources.plan import Plan
from deployer.view.counts import counted

DELETED: Final = "with every message in it; this cannot be undone"
NOT_YET: Final = "not while messages wait in it"


def describe_change(change: TableChange) -> str:
    """What a change does."""
    match change:
        case CreateTable(table=table):
            expiry = f"expiry by {table.expires}" if table.expires else "no expiry"
            protection = "on" if table.deletion_protection else "off"
            return f"{render_shape(table.shape)}; {expiry}; deletion protection {protection}"
        case ChangeTable():
            return ", ".join(f"{one.name} {one.live} -> {one.desired}" for one in change.settings)
        case _:
            assert_never(change)


def describe_blocker(blocker: TableBlocker, plan: Plan) -> tuple[str, str]:
    """What is wrong, and its fix."""
    match blocker:
        case MissingTable():
            fix = "create it, or let the deployer create it: `managed: true` below inbox"
            return f"table {blocker.table} does not exist", fix
        case ForeignTable():
            what = f"table {blocker.table} belongs to {blocker.app} / {blocker.environment}, as its tags show"
            untag = f"aws dynamodb untag-resource --resource-arn {blocker.arn} --tag-keys app environment"
            fix = "give this environment a table of its own; or, if it is the same environment under a new name"
            return what, f"{fix}: {untag}"
        case BusyTable():
            what = f"table {blocker.table} is {blocker.status}"
            return what, f"wait until that has ended: aws dynamodb describe-table --table-name {blocker.table}"
        case OtherShape():
            what = f"table {blocker.table} has other keys or indexes than the service uses"
            create = "" if blocker.managed else ", and create that one"
            fix = f"name another table below inbox{create}; recreating this one would lose its messages"
            return f"{what}: {render_shape(blocker.live)}, not {render_shape(blocker.desired)}", fix
        case OtherInbox():
            what = f"release {blocker.number} keeps its inbox in table {blocker.table}"
            fix = f"name it below inbox in env/{plan.environment}.yaml, then roll back"
            return f"{what}, which the manifest does not name", fix
        case _:
            assert_never(blocker)


def describe_notice(notice: LeftTable) -> str:
    """What the notice is about."""
    return f"the inbox of release {notice.cause.release} is left with its messages; nothing here deletes it"


def describe_reason(reason: OtherTable) -> str:
    """Why the table is kept."""
    del reason
    return "it has other keys or indexes than the service uses"


def describe_wait(name: str, until: MessagesWait, environment: str) -> tuple[str, str, str]:
    """What has to wait before the table is deleted, why, and how that ends."""
    what = f"messages of {counted(until.users, 'user')} wait in table {name}; nothing was deleted"
    answered = f"let the service answer them (just status {environment}), then run again"
    lost = f"or lose them: aws dynamodb delete-table --table-name {name}, then run again"
    return what, "they would never be answered", f"{answered}; {lost}"


def render_shape(shape: Shape) -> str:
    """The keys and indexes of a table, such as `pk S, sk S; index due: lane S, due N, with since`."""
    return "; ".join([_listed(shape.keys), *(_indexed(index) for index in shape.indexes)])


def _listed(keys: tuple[Key, ...]) -> str:
    return ", ".join(f"{key.name} {key.type}" for key in keys)


def _indexed(index: Index) -> str:
    repeated = f", with {', '.join(index.include)}" if index.include else ""
    return f"index {index.name}: {_listed(index.keys)}{repeated}"
