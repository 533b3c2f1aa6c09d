"""Roles of the local IAM: what they trust, and what they may do in a request of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from deployer.local import iam
from deployer.local.conditions import Context

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient


@dataclass(frozen=True)
class Role:
    """A role with its trust policy, its policies and, if it has one, its permissions boundary."""

    arn: str
    trust: iam.Document
    policies: tuple[iam.Document, ...]
    boundary: iam.Document | None

    def may(self, action: str, resource: str) -> bool:
        """Return whether a request that is made as this role may do this."""
        context = _context(self.arn)
        within = self.boundary is None or iam.allows([self.boundary], action, resource, context)
        return within and iam.allows(self.policies, action, resource, context)

    def may_somewhere(self, action: str) -> bool:
        """Return whether a request that is made as this role may do this on some resource."""
        context = _context(self.arn)
        within = self.boundary is None or iam.allows([self.boundary], action, None, context)
        return within and iam.allows(self.policies, action, None, context)


def why_not_assumable(client: IAMClient, arn: str, principal: str) -> str | None:
    """Return why the principal cannot assume the role, or None if it can."""
    role = _get(client, arn)
    if role is None:
        return f"the role {arn} does not exist"
    return untrusted(role[0], arn, principal)


def untrusted(trust: iam.Document, arn: str, principal: str) -> str | None:
    """Why a trust policy keeps the principal out, or None when it does not."""
    decision = iam.trust_of(trust, principal)
    if decision.allows:
        return None
    if decision.unknown:
        keys = ", ".join(sorted(decision.unknown))
        return f"the local AWS cannot evaluate the conditions of the trust policy of {arn}: {keys}"
    return f"the role {arn} does not trust {principal}"


def _context(role: str) -> Context:
    """Return the documented condition keys of a request that an AWS service makes as this role.

    Which others it sends is not documented, its source address among them, so that the context is not complete.
    """
    account = role.split(":")[4]
    return Context(
        {
            "aws:PrincipalArn": [role],
            "aws:PrincipalAccount": [account],
            "aws:PrincipalType": ["AssumedRole"],
            "aws:PrincipalIsAWSService": ["false"],
            "aws:SecureTransport": ["true"],
            "aws:ResourceAccount": [account],
        }
    )


def find(client: IAMClient, arn: str) -> Role | None:
    """Return the role with exactly this ARN and all its policies, inline and attached."""
    role = _get(client, arn)
    if role is None:
        return None
    trust, boundary = role
    name = _name(arn)
    policies = [
        _document(client.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        for page in client.get_paginator("list_role_policies").paginate(RoleName=name)
        for policy in page["PolicyNames"]
    ]
    policies += [
        managed(client, attached["PolicyArn"])
        for page in client.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        for attached in page["AttachedPolicies"]
    ]
    return Role(arn, trust, tuple(policies), managed(client, boundary) if boundary else None)


def _get(client: IAMClient, arn: str) -> tuple[iam.Document, str] | None:
    """Return the trust policy and the boundary's ARN of the role with exactly this ARN."""
    try:
        role = client.get_role(RoleName=_name(arn))["Role"]
    except client.exceptions.NoSuchEntityException:
        return None
    if role["Arn"] != arn:
        return None
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    return _document(role["AssumeRolePolicyDocument"]), boundary


def managed(client: IAMClient, arn: str) -> iam.Document:
    """Return the document of a managed policy."""
    version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _document(client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _document(document: object) -> iam.Document:
    return cast("iam.Document", document)  # botocore has parsed it already


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
