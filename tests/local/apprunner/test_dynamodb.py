"""Tables of the local DynamoDB, as AWS answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

UPDATES = 100
_numbers = itertools.count()


@pytest.fixture
def dynamodb(shared: Any) -> Any:
    return shared.client("dynamodb")


@pytest.fixture
def table(shared: Any, dynamodb: Any) -> Iterator[str]:
    """A table of one test that is ready, with a sparse index over some of its attributes."""
    name = create(dynamodb)
    shared.until(lambda: status(dynamodb, name) == "ACTIVE")
    yield name
    dynamodb.delete_table(TableName=name)


def create(dynamodb: Any) -> str:
    name = f"of-test-{next(_numbers)}"
    made = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "lane")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [{"AttributeName": "lane", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["since"]},
            }
        ],
    )
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    return name


def status(dynamodb: Any, name: str) -> str:
    described: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
    assert {index["IndexStatus"] for index in described["GlobalSecondaryIndexes"]} == {described["TableStatus"]}
    return str(described["TableStatus"])


def code(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


def expire(dynamodb: Any, table: str, attribute: str, *, enabled: bool) -> None:
    wanted = {"AttributeName": attribute, "Enabled": enabled}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def test_no_concurrent_update_is_lost(dynamodb: Any, table: str) -> None:
    def add(_: int) -> None:
        dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": "counter"}},
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(UPDATES)))
    assert dynamodb.get_item(TableName=table, Key={"pk": {"S": "counter"}})["Item"]["n"] == {"N": str(UPDATES)}


def test_a_new_table_is_not_ready_at_once(shared: Any, dynamodb: Any) -> None:
    name = create(dynamodb)
    assert status(dynamodb, name) == "CREATING"
    assert code(dynamodb.put_item, TableName=name, Item={"pk": {"S": "1"}}) == "ResourceNotFoundException"
    assert code(dynamodb.delete_table, TableName=name) == "ResourceInUseException"
    assert code(expire, dynamodb=dynamodb, table=name, attribute="gone", enabled=True) == "ResourceInUseException"
    assert code(create_again, dynamodb=dynamodb, name=name) == "ResourceInUseException"
    assert code(dynamodb.describe_continuous_backups, TableName=name) == "TableNotFoundException"
    recovery = {"TableName": name, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    assert code(dynamodb.update_continuous_backups, **recovery) == "ContinuousBackupsUnavailableException"
    shared.until(lambda: status(dynamodb, name) == "ACTIVE")
    assert dynamodb.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    assert code(dynamodb.describe_table, TableName=name) == "ResourceNotFoundException"


def create_again(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )


def test_expiry_is_switched_once_and_is_of_one_attribute(dynamodb: Any, table: str) -> None:
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "DISABLED"}
    assert code(expire, dynamodb=dynamodb, table=table, attribute="gone", enabled=False) == "ValidationException"
    expire(dynamodb, table, "gone", enabled=True)
    assert code(expire, dynamodb=dynamodb, table=table, attribute="gone", enabled=True) == "ValidationException"
    assert code(expire, dynamodb=dynamodb, table=table, attribute="other", enabled=True) == "ValidationException"
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "gone"}
    expire(dynamodb, table, "gone", enabled=False)
    expire(dynamodb, table, "other", enabled=True)


def test_an_absent_table(dynamodb: Any) -> None:
    assert code(dynamodb.describe_time_to_live, TableName="absent") == "ResourceNotFoundException"
    assert code(expire, dynamodb=dynamodb, table="absent", attribute="x", enabled=True) == "ResourceNotFoundException"
    assert code(dynamodb.describe_continuous_backups, TableName="absent") == "TableNotFoundException"
    assert code(dynamodb.update_table, TableName="absent", BillingMode="PAY_PER_REQUEST") == "ResourceNotFoundException"
    assert code(dynamodb.delete_table, TableName="absent") == "ResourceNotFoundException"


def test_a_tag_that_is_written_again_has_its_new_value(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    for value in ("one", "two"):
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "environment", "Value": value}])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "environment", "Value": "two"}]


def test_a_protected_table_is_not_deleted(dynamodb: Any, table: str) -> None:
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    assert code(dynamodb.delete_table, TableName=table) == "ValidationException"
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)


def test_recovery_and_a_stream_are_switched_off_again(dynamodb: Any, table: str) -> None:
    for enabled, word in ((True, "ENABLED"), (False, "DISABLED")):
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )
        described = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        assert described["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == word
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb.update_table(TableName=table, StreamSpecification=stream)
    assert dynamodb.describe_table(TableName=table)["Table"]["StreamSpecification"] == stream
    dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    assert "StreamSpecification" not in dynamodb.describe_table(TableName=table)["Table"]


def test_the_index_holds_what_has_its_keys_and_only_some_attributes(dynamodb: Any, table: str) -> None:
    waiting = {"pk": {"S": "1"}, "lane": {"S": "w0"}, "since": {"N": "5"}, "text": {"S": "hidden"}}
    rubbish = {"pk": {"S": "2"}, "lane": {"S": "w0"}}
    for item in (waiting, rubbish, {"pk": {"S": "3"}}):
        dynamodb.put_item(TableName=table, Item=item)
    query = {
        "TableName": table,
        "IndexName": "due",
        "KeyConditionExpression": "lane = :lane",
        "ExpressionAttributeValues": {":lane": {"S": "w0"}},
    }
    found = dynamodb.query(**query)["Items"]
    assert sorted(found, key=lambda item: item["pk"]["S"]) == [
        {"pk": {"S": "1"}, "lane": {"S": "w0"}, "since": {"N": "5"}},
        rubbish,
    ]
    counted = dynamodb.query(**query, Select="COUNT", FilterExpression="attribute_exists(since)")
    assert (counted["Count"], counted["ScannedCount"]) == (1, 2)
