"""A table is created, read, changed and deleted, and each call may be repeated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployer.aws import dynamodb
from deployer.aws.session import Session
from deployer.core.table import DesiredTable, Index, Key, Shape, WaitingEntries
from deployer.resources.dynamodb_table.apply import wait_until

SHAPE = Shape((Key("pk"), Key("sk")), (Index("due", (Key("lane"), Key("due", "N")), include=("since",)),))
WAITING = WaitingEntries("due", "lane", ("w0", "w1"), "since")
TAGS = {"managed-by": "deployer", "app": "demo", "environment": "staging"}


def table(name: str, shape: Shape = SHAPE) -> DesiredTable:
    return DesiredTable(name, shape, "gone", True, False, "INBOX_URL", f"dynamodb://{name}", "", TAGS, WAITING)


def ready(session: Session, name: str) -> None:
    wait_until("ACTIVE", lambda: dynamodb.read_status(session.dynamodb, name), name, lambda _: None)


@pytest.fixture
def made(session: Session, fresh: str) -> Iterator[str]:
    """The name of a table that is ready."""
    dynamodb.create_table(session.dynamodb, table(fresh))
    ready(session, fresh)
    yield fresh
    dynamodb.delete_table(session.dynamodb, fresh)


def test_an_absent_table_is_none(session: Session, fresh: str) -> None:
    assert dynamodb.read_table(session.dynamodb, fresh) is None
    assert dynamodb.read_status(session.dynamodb, fresh) is None
    dynamodb.delete_table(session.dynamodb, fresh)


@pytest.mark.parametrize("shape", [SHAPE, Shape((Key("id", "N"),)), Shape(SHAPE.keys, (Index("i-1", (Key("a"),)),))])
def test_a_created_table_is_read_as_it_was_asked_for(session: Session, fresh: str, shape: Shape) -> None:
    dynamodb.create_table(session.dynamodb, table(fresh, shape))
    dynamodb.create_table(session.dynamodb, table(fresh, shape))  # while it is created, and again
    found = dynamodb.read_table(session.dynamodb, fresh)
    assert found is not None
    assert (found.status, found.shape, found.recovery) == ("CREATING", shape, False)
    ready(session, fresh)
    found = dynamodb.read_table(session.dynamodb, fresh)
    assert found is not None
    assert (found.status, found.shape, found.tags, found.indexed) == ("ACTIVE", shape, TAGS, True)
    assert (found.deletion_protection, found.stream, found.recovery, found.expires) == (False, False, False, "")
    dynamodb.delete_table(session.dynamodb, fresh)


def test_settings_are_changed_and_a_repeated_call_is_a_success(session: Session, made: str) -> None:
    client = session.dynamodb
    client.update_table(TableName=made, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    client.update_continuous_backups(
        TableName=made, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    found = dynamodb.read_table(client, made)
    assert found is not None
    assert (found.stream, found.recovery) == (True, True)
    for _ in range(2):
        dynamodb.end_stream(client, made)
        dynamodb.end_recovery(client, made)
        dynamodb.expire(client, made, "gone", enabled=True)
        dynamodb.protect(client, made, enabled=True)
        dynamodb.bill_on_demand(client, made)
        dynamodb.tag(client, found.arn, {"app": "another"})
    found = dynamodb.read_table(client, made)
    assert found is not None
    assert (found.stream, found.recovery, found.expires, found.deletion_protection) == (False, False, "gone", True)
    assert found.tags == {**TAGS, "app": "another"}
    with pytest.raises(client.exceptions.ClientError, match="different AttributeName"):
        dynamodb.expire(client, made, "other", enabled=True)
    for _ in range(2):
        dynamodb.expire(client, made, "gone", enabled=False)
        dynamodb.protect(client, made, enabled=False)


def test_entries_with_the_attribute_are_counted_in_every_partition(session: Session, made: str) -> None:
    lanes = [("w0", True), ("w0", True), ("w1", True), ("w1", False), ("bin", True)]
    for number, (lane, since) in enumerate(lanes):
        item = {"pk": {"S": str(number)}, "sk": {"S": "box"}, "lane": {"S": lane}, "due": {"N": "1"}}
        session.dynamodb.put_item(TableName=made, Item=item | ({"since": {"N": "1"}} if since else {}))
    assert dynamodb.count_waiting(session.dynamodb, made, WAITING) == 3
