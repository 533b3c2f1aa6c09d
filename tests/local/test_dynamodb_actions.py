"""The actions and resources of calls to DynamoDB."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployer.local.dynamodb_actions import needed

TABLES = "arn:aws:dynamodb:us-west-2:000000000000:table/"


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("PutItem", {"TableName": "a"}, [("PutItem", f"{TABLES}a")]),
        ("PutItem", {"TableName": f"{TABLES}a"}, [("PutItem", f"{TABLES}a")]),
        ("Query", {"TableName": "a"}, [("Query", f"{TABLES}a")]),
        ("Query", {"TableName": "a", "IndexName": "due"}, [("Query", f"{TABLES}a/index/due")]),
        ("Scan", {"TableName": f"{TABLES}a", "IndexName": "due"}, [("Scan", f"{TABLES}a/index/due")]),
        ("BatchGetItem", {"RequestItems": {"a": {}, "b": {}}}, [("BatchGetItem", f"{TABLES}{t}") for t in "ab"]),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "a"}},
                    {"ConditionCheck": {"TableName": "b"}},
                    {"Put": {"TableName": "a"}},
                ]
            },
            [("PutItem", f"{TABLES}a"), ("ConditionCheckItem", f"{TABLES}b")],
        ),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "a"}}]}, [("GetItem", f"{TABLES}a")]),
        ("ListTables", {}, [("ListTables", "*")]),
        ("TagResource", {"ResourceArn": f"{TABLES}a"}, [("TagResource", f"{TABLES}a")]),
        ("PutItem", {}, [("PutItem", "*")]),
        ("TransactWriteItems", {"TransactItems": [{"Other": {}}, 1]}, [("TransactWriteItems", "*")]),
        ("BatchGetItem", {"RequestItems": 1}, [("BatchGetItem", "*")]),
        ("PutItem", [], [("PutItem", "*")]),
    ],
)
def test_needed(operation: str, request_: Any, expected: list[tuple[str, str]]) -> None:
    found = needed(operation, json.dumps(request_).encode(), "000000000000", "us-west-2")
    assert found == [(f"dynamodb:{action}", resource) for action, resource in expected]


def test_a_body_that_is_no_json() -> None:
    assert needed("PutItem", b"{", "000000000000", "us-west-2") == [("dynamodb:PutItem", "*")]
