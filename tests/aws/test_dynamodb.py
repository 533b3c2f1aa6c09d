"""A table is created, read, changed and deleted, and each call may be repeated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployer.aws.session import Session
from deployer.resources.dynamodb_table import api
from deployer.resources.dynamodb_table.apply import wait_until
from deployer.resources.dynamodb_table.state import DesiredTable, Index, Key, Shape, WaitingEntries

SHAPE = Shape((Key("pk"), Key("sk")), (Index("due", (Key("lane"), Key("due", "N")), include=("since",)),))
WAITING = WaitingEntries("due", "lane", ("w0", "w1"), "since")
TAGS = {"managed-by": "deployer", "app": "demo", "environment": "staging"}


def table(name: str, shape: Shape = SHAPE) -> DesiredTable:
    return DesiredTable(name, shape, "gone", True, False, "INBOX_URL", f"dynamodb://{name}", "", TAGS, WAITING)


def ready(session: Session, name: str) -> None:
    wait_until("ACTIVE", lambda: api.read_status(api.open_client(session), name), name, lambda _: None)


@pytest.fixture
def made(session: Session, fresh: str) -> Iterator[str]:
    """The name of a table that is ready."""
    api.create_table(api.open_client(session), table(fresh))
    ready(session, fresh)
    yield fresh
    api.delete_table(api.open_client(session), fresh)


def test_an_absent_table_is_none(session: Session, fresh: str) -> None:
    assert api.read_table(api.open_client(session), fresh) is None
    assert api.read_status(api.open_client(session), fresh) is None
    api.delete_table(api.open_client(session), fresh)


@pytest.mark.parametrize("shape", [SHAPE, Shape((Key("id", "N"),)), Shape(SHAPE.keys, (Index("i-1", (Key("a"),)),))])
def test_a_created_table_is_read_as_it_was_asked_for(session: Session, fresh: str, shape: Shape) -> None:
    api.create_table(api.open_client(session), table(fresh, shape))
    api.create_table(api.open_client(session), table(fresh, shape))  # while it is created, and again
    found = api.read_table(api.open_client(session), fresh)
    assert found is not None
    assert (found.status, found.shape, found.recovery) == ("CREATING", shape, False)
    ready(session, fresh)
    found = api.read_table(api.open_client(session), fresh)
    assert found is not None
    assert (found.status, found.shape, found.tags, found.indexed) == ("ACTIVE", shape, TAGS, True)
    assert (found.deletion_protection, found.stream, found.recovery, found.expires) == (False, False, False, "")
    api.delete_table(api.open_client(session), fresh)


def test_settings_are_changed_and_a_repeated_call_is_a_success(session: Session, made: str) -> None:
    client = api.open_client(session)
    client.update_table(TableName=made, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    client.update_continuous_backups(
        TableName=made, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    found = api.read_table(client, made)
    assert found is not None
    assert (found.stream, found.recovery) == (True, True)
    for _ in range(2):
        api.end_stream(client, made)
        api.end_recovery(client, made)
        api.expire(client, made, "gone", enabled=True)
        api.protect(client, made, enabled=True)
        api.bill_on_demand(client, made)
        api.tag(client, found.arn, {"app": "another"})
    found = api.read_table(client, made)
    assert found is not None
    assert (found.stream, found.recovery, found.expires, found.deletion_protection) == (False, False, "gone", True)
    assert found.tags == {**TAGS, "app": "another"}
    with pytest.raises(client.exceptions.ClientError, match="different AttributeName"):
        api.expire(client, made, "other", enabled=True)
    for _ in range(2):
        api.expire(client, made, "gone", enabled=False)
        api.protect(client, made, enabled=False)


def test_entries_with_the_attribute_are_counted_in_every_partition(session: Session, made: str) -> None:
    lanes = [("w0", True), ("w0", True), ("w1", True), ("w1", False), ("bin", True)]
    for number, (lane, since) in enumerate(lanes):
        item = {"pk": {"S": str(number)}, "sk": {"S": "box"}, "lane": {"S": lane}, "due": {"N": "1"}}
        api.open_client(session).put_item(TableName=made, Item=item | ({"since": {"N": "1"}} if since else {}))
    assert api.count_waiting(api.open_client(session), made, WAITING) == 3
