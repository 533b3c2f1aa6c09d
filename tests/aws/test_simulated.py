"""What a role may do, where conditions decide."""

from __future__ import annotations

import json

from deployer.aws import iam
from deployer.aws.session import Session
from deployer.core.policies.trust import conditions
from tests.aws.conftest import ACCOUNT

READ, WRITE = "ssm:GetParameters", "ssm:PutParameter"
KEY = f"arn:aws:ssm:us-west-2:{ACCOUNT}:parameter/app/key"


def test_what_a_condition_would_decide_is_neither_allowed_nor_denied(session: Session, fresh: str) -> None:
    arn = session.iam.create_role(RoleName=fresh, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    statement = {"Effect": "Allow", "Action": READ, "Resource": "*", "Condition": office}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    session.iam.put_role_policy(RoleName=fresh, PolicyName="p", PolicyDocument=policy)
    assert iam.simulate(session.iam, arn, [READ, WRITE], [KEY]) == iam.Simulation((WRITE,), (READ,), ("aws:SourceIp",))
    assert iam.denied(session.iam, arn, [READ, WRITE], [KEY]) == (WRITE, READ)


def test_the_conditions_of_a_trust_are_named() -> None:
    service = "tasks.apprunner.amazonaws.com"
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": service},
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:*"}},
    }
    assert conditions({"Statement": [statement]}, service) == ("aws:SourceAccount", "aws:SourceArn")
    assert conditions({"Statement": [statement]}, "build.apprunner.amazonaws.com") == ()
    assert conditions({"Statement": [{**statement, "Condition": {}}]}, service) == ()
