"""Plan the table: create it, repair its settings, and block what would lose messages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployer.core.cause import Cause, CauseKind, State
from deployer.core.desired import Desired
from deployer.core.observed import Observed
from deployer.resources.dynamodb_table.blocker import BusyTable, ForeignTable, MissingTable, OtherInbox, OtherShape
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable
from deployer.resources.dynamodb_table.desired import inbox_of
from deployer.resources.dynamodb_table.notice import LeftTable
from deployer.resources.dynamodb_table.state import (
    KIND,
    ON_DEMAND,
    DesiredTable,
    Inbox,
    ObservedTable,
    TableSetting,
    belongs_to_another,
)
from deployer.resources.part import PlanPart, Running
from deployer.resources.unions import Blocker

USABLE = frozenset({"ACTIVE", "UPDATING"})  # it answers the service, and its settings can be read
WAITED_FOR = USABLE | {"CREATING"}  # apply waits until it is ACTIVE


def plan_table(desired: Desired, observed: Observed, running: Running) -> PlanPart:
    """Plan the table that the manifest names, and show the one that the running release used."""
    inbox = inbox_of(desired)
    if inbox is None:
        return PlanPart()
    last = running.service
    recorded = last.literals.get(inbox.variable) if last else None
    blockers = tuple(_of_rollback(desired, inbox))
    notices = tuple(_left_behind(inbox, recorded, running))
    table = inbox.table
    if table is None:
        return PlanPart(notices=notices, blockers=blockers)
    live = observed.resources.get(KIND)
    assert live is None or isinstance(live, ObservedTable)
    had = recorded == table.address
    if live is None:
        if not table.managed:
            return PlanPart(notices=notices, blockers=(*blockers, _missing(table, had=had)))
        cause = _missing_cause(desired, had=had, released=last is not None)
        create = CreateTable(table, symbol="+", causes=(cause,), line=table.line)
        return PlanPart(changes=(create,), notices=notices, blockers=blockers)
    if blocker := _unusable(table, live):
        return PlanPart(notices=notices, blockers=(*blockers, blocker))
    settings = differing_settings(table, live) if table.managed else ()
    if not settings:
        return PlanPart(notices=notices, blockers=blockers)
    causes = tuple(_cause(desired, setting, table, live, had=had) for setting in settings)
    change = ChangeTable(table, settings, symbol="~", causes=causes, line=table.line)
    return PlanPart(changes=(change,), notices=notices, blockers=blockers)


def differing_settings(table: DesiredTable, live: ObservedTable) -> tuple[TableSetting, ...]:
    """The settings of a table that differ from the desired state, in the order in which they are changed."""
    return tuple(_settings(table, live))


def _settings(table: DesiredTable, live: ObservedTable) -> Iterator[TableSetting]:
    if live.status == "CREATING":
        yield TableSetting("creation", "under way", "finished")
    if live.billing_mode != ON_DEMAND:
        yield TableSetting("billing mode", live.billing_mode, ON_DEMAND)
    if live.deletion_protection != table.deletion_protection:
        yield TableSetting("deletion protection", *map(_switch, (live.deletion_protection, table.deletion_protection)))
    if live.stream:  # it keeps texts that were deleted, for 24 hours
        yield TableSetting("stream", "on", "off")
    if live.recovery:  # it keeps texts that were deleted, for up to 35 days
        yield TableSetting("point-in-time recovery", "on", "off")
    # AWS takes up to an hour to switch expiry on or off, and refuses every other change of it meanwhile.
    if live.expires != table.expires and not live.expiring:
        yield TableSetting("expiry", live.expires or "off", table.expires or "off")
    if missing := {key: value for key, value in table.tags.items() if live.tags.get(key) != value}:
        old_tags = {key: live.tags[key] for key in missing if key in live.tags}
        yield TableSetting("tags", _tagged(old_tags) or "none", _tagged(missing))


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _tagged(tags: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))


def _cause(desired: Desired, setting: TableSetting, table: DesiredTable, live: ObservedTable, *, had: bool) -> Cause:
    """The cause of one setting. No release records them: a table that the running release used had what is desired.

    Protection that is on against the manifest is an edit of the manifest: nobody switches it on by accident.
    """
    goal, now = State(value=setting.desired), State(value=setting.live)
    if setting.name == "creation":
        return Cause(kind=CauseKind.MISSING, subject=setting.name, desired=goal, live=now)
    if setting.name == "deletion protection" and live.deletion_protection and had:
        return desired.edit(setting.name, desired=goal, live=now)
    if had:
        return Cause(kind=CauseKind.DRIFT, subject=setting.name, recorded=goal, live=now)
    ours = live.tags.get("managed-by") == table.tags["managed-by"]
    kind = CauseKind.MISSING if ours else CauseKind.CREATED_OUTSIDE
    return Cause(kind=kind, subject=setting.name, desired=goal, live=now)


def _missing_cause(desired: Desired, *, had: bool, released: bool) -> Cause:
    if had:
        return Cause(kind=CauseKind.REMOVED, subject="table", recorded=State(value="ACTIVE"))
    return desired.add("table") if released else Cause(kind=CauseKind.MISSING, subject="table")


def _missing(table: DesiredTable, *, had: bool) -> MissingTable:
    removed = Cause(kind=CauseKind.REMOVED, subject="table", name=f"table {table.name}", recorded=State(value="ACTIVE"))
    return MissingTable(table.name, causes=(removed,) if had else (), line=table.line)


def _unusable(table: DesiredTable, live: ObservedTable) -> Blocker | None:
    if table.managed and belongs_to_another(live.tags, table.tags):
        app, environment = (live.tags.get(key, "") for key in ("app", "environment"))
        return ForeignTable(table.name, live.arn, app, environment, line=table.line)
    if live.status not in (WAITED_FOR if table.managed else USABLE):
        return BusyTable(table.name, live.status, line=table.line)
    if live.shape != table.shape:
        return OtherShape(table.name, live.shape, table.shape, table.managed, line=table.line)
    if not live.indexed and live.status != "CREATING":
        return BusyTable(table.name, "UPDATING", line=table.line)
    return None


def _of_rollback(desired: Desired, inbox: Inbox) -> Iterator[OtherInbox]:
    """Refuse a rollback to a release whose inbox is in a table that the manifest does not name.

    The service's role would not be allowed to use it, and nothing keeps its settings.
    """
    if desired.rollback_to is None:
        return
    table = _table_in(inbox, desired.plain.get(inbox.variable))
    if table and table != (inbox.table.name if inbox.table else ""):
        yield OtherInbox(desired.rollback_to, table)


def _left_behind(inbox: Inbox, recorded: str | None, running: Running) -> Iterator[LeftTable]:
    """The table of the running release, when the manifest names another table, or none."""
    table = _table_in(inbox, recorded)
    if table and running.release and table != (inbox.table.name if inbox.table else ""):
        release = running.release
        cause = Cause(kind=CauseKind.LEFT_BEHIND, release=release.number, release_id=release.release.id)
        yield LeftTable(table, cause=cause)


def _table_in(inbox: Inbox, address: str | None) -> str:
    """The name of the table in an address; "" where it names none."""
    pattern = re.escape(inbox.address.replace("{table}", "\0").replace("{region}", "\1"))
    pattern = pattern.replace("\0", r"(?P<table>[A-Za-z0-9_.-]+)").replace("\1", r"[a-z0-9-]+")
    live = re.fullmatch(pattern, address or "")
    return live["table"] if live else ""
