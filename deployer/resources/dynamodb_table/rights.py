"""The calls about the table. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired
from deployer.core.table import TABLE_ARN
from deployer.core.target import Call
from deployer.resources.dynamodb_table.desired import table_of


def reads(desired: Desired) -> Iterator[Call]:
    """The calls of every plan."""
    if table := table_of(desired):
        for call in ("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"):
            yield f"dynamodb:{call}", {"TableName": table.name}
        yield "dynamodb:ListTagsOfResource", _arn(desired, table.name)


def writes(desired: Desired) -> Iterator[Call]:
    """The calls of a reconcile that creates the table or repairs its settings."""
    if (table := table_of(desired)) and table.managed:
        yield "dynamodb:CreateTable", {"TableName": table.name, "Tags": []}
        for call in ("UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups"):
            yield f"dynamodb:{call}", {"TableName": table.name}
        yield "dynamodb:TagResource", _arn(desired, table.name)


def _arn(desired: Desired, name: str) -> dict[str, str]:
    return {"ResourceArn": TABLE_ARN.format(region=desired.region, account=desired.account, name=name)}
