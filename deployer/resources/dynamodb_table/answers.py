"""What the deployer reads of DynamoDB's answers and cannot work without, as in deployer/aws/answers.py. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

READ: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb:DescribeTable": (
        "Table.TableArn",
        "Table.TableStatus",
        "Table.KeySchema[].AttributeName",
        "Table.KeySchema[].KeyType",
        "Table.AttributeDefinitions[].AttributeName",
        "Table.AttributeDefinitions[].AttributeType",
    ),
    "dynamodb:DescribeTimeToLive": ("TimeToLiveDescription.TimeToLiveStatus",),
    "dynamodb:DescribeContinuousBackups": ("ContinuousBackupsDescription.ContinuousBackupsStatus",),
    "dynamodb:ListTagsOfResource": ("Tags[].Key", "Tags[].Value"),
    "dynamodb:Query": ("Count",),
}
