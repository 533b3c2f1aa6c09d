"""The calls that read, create, change and delete a DynamoDB table. They decide nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.aws.answers import UnusableAnswer
from deployer.aws.errors import only
from deployer.aws.session import Session
from deployer.resources.dynamodb_table.answers import READ
from deployer.resources.dynamodb_table.rights import CALLS
from deployer.resources.dynamodb_table.state import (
    ON_DEMAND,
    AttributeType,
    DesiredTable,
    Index,
    Key,
    ObservedTable,
    Shape,
    WaitingEntries,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.literals import KeyTypeType
    from types_boto3_dynamodb.type_defs import (
        CreateTableInputTypeDef,
        GlobalSecondaryIndexTypeDef,
        KeySchemaElementTypeDef,
        ProjectionTypeDef,
        TableDescriptionTypeDef,
        TagTypeDef,
    )

KEY_TYPES: Final[tuple[KeyTypeType, ...]] = ("HASH", "RANGE")  # of the partition key, and of the sort key
SWITCHED_ON: Final = {"ENABLED", "ENABLING"}
SWITCHING: Final = {"ENABLING", "DISABLING"}


class _Expiry(Struct, frozen=True):
    """`attribute` is "" while expiry is off; `changing` means that AWS still switches it on or off."""

    attribute: str = ""
    changing: bool = False


def open_client(session: Session) -> DynamoDBClient:
    """DynamoDB in the account and region of a session."""
    return session.client("dynamodb", CALLS, READ)  # type: ignore[no-any-return]


def read_table(dynamodb: DynamoDBClient, name: str) -> ObservedTable | None:
    """The table with every setting that the deployer keeps, or None when it does not exist."""
    with ThreadPoolExecutor(2) as pool:
        expiry, recovery = pool.submit(_read_expiry, dynamodb, name), pool.submit(_read_recovery, dynamodb, name)
        table = _describe(dynamodb, name)
        if table is None:
            return None
        try:
            tags = _read_tags(dynamodb, table["TableArn"])
        except ClientError as error:
            only(error, "ResourceNotFoundException")
            return None
        return ObservedTable(
            arn=table["TableArn"],
            status=table["TableStatus"],
            shape=_shape(table),
            indexed=all(index.get("IndexStatus") == "ACTIVE" for index in table.get("GlobalSecondaryIndexes", [])),
            billing_mode=table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            deletion_protection=table.get("DeletionProtectionEnabled", False),
            stream=table.get("StreamSpecification", {}).get("StreamEnabled", False),
            recovery=recovery.result(),
            expires=expiry.result().attribute,
            expiring=expiry.result().changing,
            tags=tags,
        )


def read_status(dynamodb: DynamoDBClient, name: str) -> str | None:
    """The status of the table, or None when it does not exist."""
    table = _describe(dynamodb, name)
    return table["TableStatus"] if table else None


def create_table(dynamodb: DynamoDBClient, table: DesiredTable) -> None:
    """Begin to create the table. One that exists already is left as it is."""
    try:
        dynamodb.create_table(**request_to_create(table))
    except ClientError as error:
        only(error, "ResourceInUseException")
        return


def request_to_create(table: DesiredTable) -> CreateTableInputTypeDef:
    """The request for a table, without what only another call can set."""
    every = {key.name: key.type for keys in (table.shape.keys, *(i.keys for i in table.shape.indexes)) for key in keys}
    request: CreateTableInputTypeDef = {
        "TableName": table.name,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in every.items()],
        "KeySchema": _key_schema(table.shape.keys),
        "BillingMode": ON_DEMAND,
        "DeletionProtectionEnabled": table.deletion_protection,
        "Tags": _tags(table.tags),
    }
    if table.shape.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in table.shape.indexes]
    return request


def bill_on_demand(dynamodb: DynamoDBClient, name: str) -> None:
    dynamodb.update_table(TableName=name, BillingMode=ON_DEMAND)


def protect(dynamodb: DynamoDBClient, name: str, *, enabled: bool) -> None:
    """Switch deletion protection."""
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=enabled)


def end_stream(dynamodb: DynamoDBClient, name: str) -> None:
    dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})


def end_recovery(dynamodb: DynamoDBClient, name: str) -> None:
    """Switch point-in-time recovery off, with everything that it kept."""
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )


def expire(dynamodb: DynamoDBClient, name: str, attribute: str, *, enabled: bool) -> None:
    """Switch the expiry by this attribute. A repeated request finds what its first attempt changed."""
    try:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": attribute, "Enabled": enabled}
        )
    except ClientError as error:
        only(error, "ValidationException")
        if _read_expiry(dynamodb, name).attribute != (attribute if enabled else ""):
            raise


def tag(dynamodb: DynamoDBClient, arn: str, tags: Mapping[str, str]) -> None:
    """Write these tags; others stay."""
    dynamodb.tag_resource(ResourceArn=arn, Tags=_tags(tags))


def count_waiting(dynamodb: DynamoDBClient, table: str, entries: WaitingEntries) -> int:
    """Count the entries of the index that have the attribute, in every partition and page."""
    return sum(
        page["Count"]
        for partition in entries.partitions
        for page in dynamodb.get_paginator("query").paginate(
            TableName=table,
            IndexName=entries.index,
            Select="COUNT",
            KeyConditionExpression="#partition = :partition",
            FilterExpression="attribute_exists(#attribute)",
            ExpressionAttributeNames={"#partition": entries.partition_key, "#attribute": entries.attribute},
            ExpressionAttributeValues={":partition": {"S": partition}},
        )
    )


def delete_table(dynamodb: DynamoDBClient, name: str) -> None:
    """Begin to delete the table with every item. One that is gone, or being deleted, is a success."""
    try:
        dynamodb.delete_table(TableName=name)
    except ClientError as error:
        only(error, "ResourceNotFoundException", "ResourceInUseException")
        return


def _describe(dynamodb: DynamoDBClient, name: str) -> TableDescriptionTypeDef | None:
    try:
        return dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        only(error, "ResourceNotFoundException")
        return None


def _read_expiry(dynamodb: DynamoDBClient, name: str) -> _Expiry:
    try:
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    except ClientError as error:
        only(error, "ResourceNotFoundException")
        return _Expiry()
    status = expiry["TimeToLiveStatus"]
    return _Expiry(expiry.get("AttributeName", "") if status in SWITCHED_ON else "", status in SWITCHING)


def _read_recovery(dynamodb: DynamoDBClient, name: str) -> bool:
    """Whether point-in-time recovery is on; it is off for a table that is still created."""
    try:
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    except ClientError as error:
        only(error, "TableNotFoundException", "ResourceNotFoundException")
        return False
    return backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED"


def _read_tags(dynamodb: DynamoDBClient, arn: str) -> dict[str, str]:
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _shape(table: TableDescriptionTypeDef) -> Shape:
    """The shape of a table. Another projection than INCLUDE is shown by its name, so that it equals none of these."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", [])}
    indexes = []
    for index in table.get("GlobalSecondaryIndexes", []):
        projection = index.get("Projection", {})
        include = tuple(sorted(projection.get("NonKeyAttributes", [])))
        if projection.get("ProjectionType") == "ALL":
            include = ("every attribute",)
        indexes.append(Index(index.get("IndexName", ""), _keys(index.get("KeySchema", []), types), include))
    return Shape(_keys(table.get("KeySchema", []), types), tuple(sorted(indexes, key=lambda index: index.name)))


def _keys(schema: Sequence[KeySchemaElementTypeDef], types: Mapping[str, AttributeType]) -> tuple[Key, ...]:
    """The keys, partition key first."""
    names = [one.get("AttributeName", "") for kind in KEY_TYPES for one in schema if one.get("KeyType") == kind]
    for name in names:
        if name not in types:
            raise UnusableAnswer(call="dynamodb:DescribeTable", lacks=f"no type of key {name}".rstrip())
    return tuple(Key(name, types[name]) for name in names)


def _index(index: Index) -> GlobalSecondaryIndexTypeDef:
    projection: ProjectionTypeDef = {"ProjectionType": "KEYS_ONLY"}
    if index.include:
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [*index.include]}
    return {"IndexName": index.name, "KeySchema": _key_schema(index.keys), "Projection": projection}


def _key_schema(keys: Sequence[Key]) -> list[KeySchemaElementTypeDef]:
    return [{"AttributeName": key.name, "KeyType": kind} for key, kind in zip(keys, KEY_TYPES, strict=False)]


def _tags(tags: Mapping[str, str]) -> list[TagTypeDef]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
