"""Roles as App Runner uses them: assumed by one of its principals, then asked what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.local.apprunner.errors import Problem
from deployer.local.roles import Role, find, untrusted

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

# App Runner developer guide, "How App Runner works with IAM".
ACCESS_PRINCIPAL = "build.apprunner.amazonaws.com"
INSTANCE_PRINCIPAL = "tasks.apprunner.amazonaws.com"


def assume(client: IAMClient, arn: str, principal: str) -> Role:
    """Return the role with all its policies. Raises Problem if it does not exist or does not trust the principal."""
    role = find(client, arn)
    if role is None:
        raise Problem(f"The role {arn} does not exist.")
    if wrong := untrusted(role.trust, arn, principal):
        raise Problem(f"{wrong[0].upper()}{wrong[1:]}.")
    return role
