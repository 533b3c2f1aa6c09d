"""The calls about the table, and the IAM actions that each needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from deployer.core.desired import Desired
from deployer.core.policies.rights import AS_IT_IS, Right, simple
from deployer.core.target import Call
from deployer.resources.dynamodb_table.desired import table_of
from deployer.resources.dynamodb_table.state import TABLE_ARN

_TABLE, _INDEXES = {"TableName": TABLE_ARN}, {"TableName": f"{TABLE_ARN}/index/*"}

CALLS: Final[Mapping[str, tuple[Right, ...]]] = {
    **simple(_TABLE, "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:DescribeContinuousBackups"),
    **simple(_TABLE, "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive", "dynamodb:UpdateContinuousBackups"),
    **simple({"ResourceArn": AS_IT_IS}, "dynamodb:ListTagsOfResource", "dynamodb:TagResource"),
    "dynamodb:CreateTable": (Right("dynamodb:CreateTable", _TABLE), Right("dynamodb:TagResource", _TABLE, "Tags")),
    **simple(_TABLE, "dynamodb:DeleteTable"),
    **simple(_INDEXES, "dynamodb:Query"),
    **simple(_TABLE, "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
}


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


def operates(desired: Desired) -> Mapping[str, tuple[Call, ...]]:
    """The calls with which the service's command reads the inbox, and replays, for an operator: by verbs."""
    if (table := table_of(desired)) is None:
        return {}
    on = {"TableName": table.name}
    reads: tuple[Call, ...] = (("dynamodb:Query", on), ("dynamodb:GetItem", on))
    return {
        "inbox, dead": reads,
        "replay": (*reads, ("dynamodb:UpdateItem", on), ("dynamodb:DeleteItem", on)),
    }


def _arn(desired: Desired, name: str) -> dict[str, str]:
    return {"ResourceArn": TABLE_ARN.format(region=desired.region, account=desired.account, name=name)}
