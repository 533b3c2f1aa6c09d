"""The policy evaluator, by examples."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local.iam import allows, trusts

ACTION = "ssm:GetParameters"
KEY = "arn:aws:ssm:us-west-2:000000000000:parameter/app/key"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": ACTION, "Resource": KEY, **members}


def deny(**members: Any) -> dict[str, Any]:
    return allow(Effect="Deny", **members)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(), True),
        (allow(Action="SSM:getparameters"), True),
        (allow(Action="ssm:Get*"), True),
        (allow(Action="ssm:GetParameter"), False),
        (allow(Action="ssm:GetParameter?"), True),
        (allow(Action=["ecr:*", "ssm:*"]), True),
        (allow(Action="*"), True),
        (allow(Action="ssm.*"), False),
        (allow(Resource="*"), True),
        (allow(Resource=KEY.replace("key", "*")), True),
        (allow(Resource=KEY + "*"), True),
        (allow(Resource=KEY.upper()), False),
        (allow(Resource=KEY.replace("/app/key", "/app")), False),
        (allow(Resource=["arn:aws:s3:::x", KEY]), True),
        (allow(Resource="arn:aws:ssm:*:*:parameter/app/*"), True),
        (allow(Resource="arn:aws:ssm:*"), True),
        (allow(Resource="arn:aws:ssm:us-west-2:*/app/key"), False),
        (allow(Resource="arn:aws:ssm:us-west-2:000000000000:parameter/${aws:username}/*"), False),
        (allow(Condition={"StringEquals": {"aws:SourceAccount": "000000000000"}}), False),
        ({"Effect": "Allow", "NotAction": "ecr:*", "Resource": KEY}, True),
        ({"Effect": "Allow", "NotAction": "ssm:*", "Resource": KEY}, False),
        ({"Effect": "Allow", "Action": ACTION, "NotResource": "arn:aws:s3:::x"}, True),
        ({"Effect": "Allow", "Action": ACTION, "NotResource": KEY}, False),
        ({"Effect": "Allow", "Action": ACTION, "NotResource": "arn:aws:ssm:${x}"}, False),
        ({"Effect": "Allow", "Action": ACTION}, False),
        ({"Effect": "Maybe", "Action": ACTION, "Resource": KEY}, False),
        ({}, False),
    ],
)
def test_one_statement(statement: dict[str, Any], expected: bool) -> None:
    assert allows([policy(statement)], ACTION, KEY) is expected
    assert allows([{"Statement": statement}], ACTION, KEY) is expected


@pytest.mark.parametrize(
    ("statement", "denied"),
    [
        (deny(), True),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), True),
        (deny(Resource="arn:aws:ssm:${aws:PrincipalTag/x}:*"), True),
        ({"Effect": "Deny", "Action": ACTION, "NotResource": KEY}, False),
        ({"Effect": "Deny", "Action": ACTION, "NotResource": "arn:aws:ssm:${x}"}, True),
        (deny(Action="ssm:PutParameter"), False),
    ],
)
def test_a_denial_wins_wherever_it_stands(statement: dict[str, Any], denied: bool) -> None:
    everything = allow(Action="*", Resource="*")
    for policies in (
        [policy(everything, statement)],
        [policy(statement, everything)],
        [policy(everything), policy(statement)],
    ):
        assert allows(policies, ACTION, KEY) is not denied


def test_nothing_allows_nothing() -> None:
    assert not allows([], ACTION, KEY)
    assert not allows([{}], ACTION, KEY)
    assert not allows([{"Statement": "nonsense"}], ACTION, KEY)


@given(st.text("ab*?/[].+", max_size=12))
def test_a_pattern_of_plain_letters_matches_itself_only(name: str) -> None:
    """Only * and ? are special; brackets, dots and pluses are not."""
    plain = name.replace("*", "").replace("?", "")
    arn = f"arn:aws:ssm:us-west-2:000000000000:parameter/{plain}"
    assert allows([policy(allow(Resource=arn))], ACTION, arn)
    assert not allows([policy(allow(Resource=arn))], ACTION, arn + "x")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Principal": {"Service": "tasks.apprunner.amazonaws.com"}}, True),
        ({"Principal": {"Service": ["x.amazonaws.com", "tasks.apprunner.amazonaws.com"]}}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"Service": "build.apprunner.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "tasks.apprunner.amazonaws.com"}}, False),
        ({"Principal": {"Service": "tasks.apprunner.amazonaws.com"}, "Condition": {"Bool": {"x": "y"}}}, False),
        ({"Principal": {"Service": "tasks.apprunner.amazonaws.com"}, "Action": "sts:TagSession"}, False),
        ({"Principal": {"Service": "tasks.apprunner.amazonaws.com"}, "Effect": "Deny"}, False),
        ({}, False),
    ],
)
def test_trust(statement: dict[str, Any], expected: bool) -> None:
    whole = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    assert trusts(policy(whole), "tasks.apprunner.amazonaws.com") is expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([policy(allow())], True),
        ([policy(allow(Action="ssm:PutParameter"))], False),
        ([policy(allow(), deny())], True),  # on another resource it may be allowed
        ([policy(allow(), deny(Resource="*"))], False),
        ([policy(allow()), policy(deny(Resource=["a", "*"]))], False),
        ([], False),
    ],
)
def test_an_action_on_some_resource(policies: list[dict[str, Any]], *, expected: bool) -> None:
    assert allows(policies, ACTION, None) is expected
