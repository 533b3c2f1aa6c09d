"""Find IAM users with the policies of the user and of its groups, for simulation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from deployer.local import iam
from deployer.local.roles import Role, managed

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient


def find(client: IAMClient, arn: str) -> Role | None:
    """Return the user with exactly this ARN and all its policies, as a role that no one can assume."""
    name = arn.rpartition("/")[2]
    try:
        user = client.get_user(UserName=name)["User"]
    except client.exceptions.NoSuchEntityException:
        return None
    if user["Arn"] != arn:
        return None
    boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    policies = [*_own(client, name)]
    for group in client.list_groups_for_user(UserName=name)["Groups"]:
        policies += _of_group(client, group["GroupName"])
    return Role(arn, {}, tuple(policies), managed(client, boundary) if boundary else None)


def _own(client: IAMClient, name: str) -> Iterator[iam.Document]:
    for policy in client.list_user_policies(UserName=name)["PolicyNames"]:
        yield cast("iam.Document", client.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"])
    for attached in client.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        yield managed(client, attached["PolicyArn"])


def _of_group(client: IAMClient, name: str) -> Iterator[iam.Document]:
    for policy in client.list_group_policies(GroupName=name)["PolicyNames"]:
        yield cast("iam.Document", client.get_group_policy(GroupName=name, PolicyName=policy)["PolicyDocument"])
    for attached in client.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        yield managed(client, attached["PolicyArn"])
