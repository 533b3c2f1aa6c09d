"""Roles: read one with the inline policy that is ours, and write both. Decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deployer.core.facts import RoleFact

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

POLICY_NAME = "deployer"


def read_role(iam: IAMClient, name: str) -> RoleFact | None:
    """The role, or None. botocore has parsed both documents already."""
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    try:
        policy: object = iam.get_role_policy(RoleName=name, PolicyName=POLICY_NAME)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        policy = None
    return RoleFact(arn=role["Arn"], trust=_plain(role["AssumeRolePolicyDocument"]), policy=_plain(policy))


def put_role(iam: IAMClient, name: str, trust: object, policy: object, *, create: bool) -> None:
    """Create the role or replace its trust, then write the inline policy."""
    if create:
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(trust),
            Tags=[{"Key": "managed-by", "Value": "deployer"}],
        )
    else:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(policy))


def _plain(document: object) -> object:
    """The document as plain dicts and lists, whichever mapping class the client chose."""
    return json.loads(json.dumps(document))
