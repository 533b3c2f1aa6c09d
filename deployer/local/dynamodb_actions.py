"""The IAM actions and resources that a call to DynamoDB needs. Pure.

Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB". A transaction is
authorized as the actions in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

# On every table: these calls name none.
ON_ALL: Final = frozenset({"DescribeEndpoints", "DescribeLimits", "ListTables", "ListBackups", "ListGlobalTables"})
IN_TRANSACTION: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def needed(operation: str, body: bytes, account: str, region: str) -> list[tuple[str, str]]:
    """Return each action with the ARN of its resource. A call that names no table needs the action on everything."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        request = {}
    if not isinstance(request, dict):
        request = {}
    tables = f"arn:aws:dynamodb:{region}:{account}:table/"
    pairs = [
        (f"dynamodb:{action}", name if name.startswith("arn:") or name == "*" else f"{tables}{name}")
        for action, name in _named(operation, request)
    ]
    return list(dict.fromkeys(pairs)) or [(f"dynamodb:{operation}", "*")]


def _named(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each action with a table's name, an ARN or `*`."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for item in _listed(request.get("TransactItems")):
                for kind, part in item.items() if isinstance(item, dict) else ():
                    if kind in IN_TRANSACTION and isinstance(part, dict):
                        yield IN_TRANSACTION[kind], str(part.get("TableName", "*"))
        case "BatchGetItem" | "BatchWriteItem":
            items = request.get("RequestItems")
            for name in items if isinstance(items, dict) else ():
                yield operation, name
        case "Query" | "Scan":
            name = str(request.get("TableName", "*"))
            index = request.get("IndexName")
            yield operation, f"{name}/index/{index}" if index else name
        case _ if operation in ON_ALL:
            yield operation, "*"
        case _:
            yield operation, str(request.get("TableName") or request.get("ResourceArn") or "*")


def _listed(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
