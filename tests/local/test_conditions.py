"""Conditions of policies, by examples of the IAM user guide's operators, and by properties."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local.conditions import OPERATORS, Answer, Context, evaluate

JOB = "token.actions.githubusercontent.com:sub"
MAIN = "repo:ansari-project/ansari-whatsapp:environment:staging"
REQUEST = Context(
    {
        JOB: [MAIN],
        "iam:PassedToService": ["tasks.apprunner.amazonaws.com"],
        "aws:SecureTransport": ["true"],
        "aws:SourceIp": ["203.0.113.7"],
        "aws:PrincipalArn": ["arn:aws:iam::000000000000:role/deploy/staging"],
        "aws:TagKeys": ["app", "environment"],
        "s3:max-keys": ["10"],
    },
    complete=True,
)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "holds"),
    [
        ("StringEquals", JOB, MAIN, True),
        ("StringEquals", JOB.upper(), MAIN, True),  # keys know no case, values do
        ("StringEquals", JOB, MAIN.upper(), False),
        ("StringEquals", JOB, MAIN[:-1] + "*", False),
        ("StringEquals", JOB, ["another", MAIN], True),
        ("StringNotEquals", JOB, ["another", MAIN], False),
        ("StringNotEquals", JOB, ["another", "third"], True),
        ("StringEqualsIgnoreCase", JOB, MAIN.upper(), True),
        ("StringLike", JOB, "repo:ansari-project/*:environment:stag???", True),
        ("StringLike", JOB, "repo:[a]nsari-project/*", False),
        ("StringNotLike", JOB, "repo:somebody/*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/deploy/*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam:*:role/deploy/*", False),  # * does not cross a colon
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/*", True),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("IpAddress", "aws:SourceIp", ["198.51.100.0/24", "203.0.113.7"], True),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", False),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", False),
        ("NotIpAddress", "aws:SourceIp", "198.51.100.0/24", True),
        ("NumericLessThanEquals", "s3:max-keys", "10", True),
        ("NumericGreaterThan", "s3:max-keys", "10", False),
        ("Null", "aws:TokenIssueTime", "true", True),
        ("Null", JOB, "true", False),
        ("Null", JOB, "false", True),
        ("StringEquals", "aws:Absent", "x", False),
        ("StringNotEquals", "aws:Absent", "x", True),
        ("StringEqualsIfExists", "aws:Absent", "x", True),
        ("StringEqualsIfExists", JOB, "x", False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["app", "environment", "more"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["app"], False),
        ("ForAllValues:StringEquals", "aws:Absent", ["app"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["app"], True),
        ("ForAnyValue:StringEquals", "aws:Absent", ["app"], False),
        ("StringEquals", JOB, "repo:${aws:PrincipalTag/repo}", None),
        ("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", None),
        ("Sideways:StringEquals", JOB, MAIN, None),
    ],
)
def test_one_operator(operator: str, key: str, wanted: Any, holds: bool | None) -> None:
    answer = evaluate({operator: {key: wanted}}, REQUEST)
    assert answer == Answer(holds, frozenset({key}) if holds is None else frozenset())


def test_every_operator_and_every_key_has_to_hold() -> None:
    good, bad = {"StringEquals": {JOB: MAIN}}, {"Bool": {"aws:SecureTransport": "false"}}
    assert evaluate({**good, "Bool": {"aws:SecureTransport": "true"}}, REQUEST).holds
    assert evaluate({**good, **bad}, REQUEST).holds is False
    assert evaluate({}, REQUEST).holds
    assert evaluate("nonsense", REQUEST).holds is None


def test_a_key_that_nobody_knows_decides_nothing_unless_another_one_refuses() -> None:
    unknown, other = {"aws:SourceAccount": "000000000000"}, Context({"a:b": ["1"]})
    assert evaluate({"StringEquals": unknown}, other) == Answer(None, frozenset(unknown))
    assert evaluate({"StringEquals": {**unknown, "a:b": "1"}}, other) == Answer(None, frozenset(unknown))
    assert evaluate({"StringEquals": {**unknown, "a:b": "2"}}, other) == Answer(False)


@given(st.sampled_from(sorted(OPERATORS)), st.text(max_size=9), st.lists(st.text(max_size=9), min_size=1, max_size=3))
def test_an_operator_and_its_negation_never_agree(operator: str, value: str, wanted: list[str]) -> None:
    negation = {
        "IpAddress": "NotIpAddress",
        **{name: name.replace("String", "StringNot", 1) for name in OPERATORS if name.startswith("String")},
        **{name: name.replace("Arn", "ArnNot", 1) for name in OPERATORS if name.startswith("Arn")},
        "NumericEquals": "NumericNotEquals",
    }.get(operator, "")
    if negation not in OPERATORS:
        return
    request = Context({"a:b": [value]}, complete=True)
    one, other = (evaluate({name: {"a:b": wanted}}, request).holds for name in (operator, negation))
    assert (one is None) == (other is None)
    assert one is None or one is not other
