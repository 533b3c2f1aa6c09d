"""Delete the table of an environment, unless messages wait in it: their senders would never be answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.reason import NotManaged, NotOurs, UsedBy
from deployer.errors import Refused
from deployer.manifest.model import Manifest
from deployer.resources.dynamodb_table import api
from deployer.resources.dynamodb_table.apply import wait_until
from deployer.resources.dynamodb_table.desired import table_of
from deployer.resources.dynamodb_table.plan import USABLE
from deployer.resources.dynamodb_table.reason import MessagesWait, OtherTable
from deployer.resources.dynamodb_table.state import KIND, DesiredTable, TableRemains, belongs_to_another
from deployer.resources.kind import CollectRemains, Reading
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions, UnreadyResource

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def named_table(other: Manifest, region: str) -> Iterator[str]:
    """The table that another manifest names in the region."""
    if other.inbox and other.aws.region == region:
        yield other.inbox.table


def remaining_table(reading: Reading) -> CollectRemains:
    """Read the table, and how many users have messages that wait in it."""
    table = table_of(reading.desired)
    if table is None:
        return lambda remains: remains
    look = reading.pool.submit(_look, api.open_client(reading.session), table)

    def collect(remains: Remains) -> Remains:
        table_remains = look.result()
        return replace(remains, resources={**remains.resources, KIND: table_remains}) if table_remains else remains

    return collect


def _look(client: DynamoDBClient, table: DesiredTable) -> TableRemains | None:
    live = api.read_table(client, table.name)
    if live is None:
        return None
    fits = live.shape == table.shape
    return TableRemains(live.tags, _waiting(client, table) if fits and live.status in USABLE else 0, fits=fits)


def _waiting(client: DynamoDBClient, table: DesiredTable) -> int:
    return api.count_waiting(client, table.name, table.waiting) if table.waiting else 0


def remove_table(
    desired: Desired, remains: Remains, options: RemovalOptions
) -> Iterator[Removal | KeptResource | UnreadyResource]:
    """Decide whether the table is deleted or kept, or not ready for either. Pure."""
    del options
    table, remaining = table_of(desired), remains.resources.get(KIND)
    if table is None or remaining is None:
        return
    assert isinstance(remaining, TableRemains)
    if not table.managed:
        yield KeptResource("table", table.name, NotManaged())
    elif table.name in remains.shared:
        yield KeptResource("table", table.name, UsedBy(remains.shared[table.name]))
    elif "managed-by" not in remaining.tags or belongs_to_another(remaining.tags, table.tags):
        yield KeptResource("table", table.name, NotOurs())
    elif not remaining.fits:
        yield KeptResource("table", table.name, OtherTable())
    elif remaining.waiting:
        yield UnreadyResource("table", table.name, MessagesWait(remaining.waiting))
    else:
        yield Removal("table", table.name)


def delete_table(session: Session, desired: Desired, removal: Removal) -> None:
    """Delete the table with every message in it, after counting again: the service has run until a moment ago."""
    table, client = table_of(desired), api.open_client(session)
    assert table is not None
    live = api.read_table(client, removal.name)
    if live is None:
        return
    if live.status != "DELETING":
        _wait(session, removal.name, "ACTIVE")
        if count := _waiting(client, table):
            raise Refused(
                f"messages of {count} users have come into table {removal.name}; it was not deleted",
                why="they came while the service was deleted, and would never be answered",
                fix=f"create the service again, which answers them: just reconcile {desired.environment}",
            )
        if live.deletion_protection:
            api.protect(client, removal.name, enabled=False)
            _wait(session, removal.name, "ACTIVE")
        api.delete_table(client, removal.name)
    _wait(session, removal.name, None)


def _wait(session: Session, name: str, status: str | None) -> None:
    wait_until(status, lambda: api.read_status(api.open_client(session), name), name, lambda _: None)
