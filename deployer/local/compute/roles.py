"""Roles as compute platforms use them: assumed by a principal, then asked what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.local.compute.problem import Problem
from deployer.local.roles import Role, find, untrusted

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient


def assume(client: IAMClient, arn: str, principal: str) -> Role:
    """Return the role with all its policies. Raises Problem if it does not exist or does not trust the principal."""
    role = find(client, arn)
    if role is None:
        raise Problem(f"The role {arn} does not exist.")
    if wrong := untrusted(role.trust, arn, principal):
        raise Problem(f"{wrong[0].upper()}{wrong[1:]}.")
    return role
