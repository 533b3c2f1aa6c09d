"""Read and write roles and users, with everything that an account's bootstrap needs of them. Decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.account.compare import ObservedPrincipal
from deployer.account.requirements import Principal
from deployer.aws.answers import UnusableAnswer
from deployer.aws.errors import is_denied, only, refused_call
from deployer.aws.iam import carries_tag, plain, refused, role_policies
from deployer.core.policies.documents import AUDIENCE, ISSUER, provider_arn

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_iam.type_defs import PolicyVersionTypeDef, TagTypeDef

TAGS: list[TagTypeDef] = [{"Key": "managed-by", "Value": "deployer"}]


def read_audiences(iam: IAMClient, account: str) -> tuple[str, ...] | None:
    """The audiences that the account trusts GitHub's tokens for; None when it has no provider for GitHub."""
    try:
        provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn(account))
    except ClientError as error:
        only(error, "NoSuchEntity")
        return None
    return tuple(provider.get("ClientIDList", []))


def create_provider(iam: IAMClient) -> None:
    """Create the provider; AWS finds the thumbprint by itself. One that already exists is a success."""
    try:
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])
    except ClientError as error:
        only(error, "EntityAlreadyExists")
        return


def read(iam: IAMClient, principal: Principal, account: str) -> ObservedPrincipal | None:
    """The role or user, or None. Its permissions are read only where the deployer does not manage it."""
    try:
        observed, arn = (_user if principal.kind == "user" else _role)(iam, principal, account)
    except ClientError as error:
        only(error, "NoSuchEntity")
        return None
    if principal.managed:
        return observed
    try:
        denied = refused(iam, arn, principal.needs)
    except ClientError as error:
        if not is_denied(error):
            raise
        why = f"these credentials may not call {refused_call(error)}"
        return ObservedPrincipal(
            observed.trust, observed.ours, observed.policy, observed.attached, observed.others, (), why
        )
    return ObservedPrincipal(observed.trust, observed.ours, observed.policy, observed.attached, observed.others, denied)


def create(iam: IAMClient, principal: Principal) -> None:
    """Create the role or user. One that a repeated request has just created is a success."""
    try:
        if principal.kind == "user":
            iam.create_user(UserName=principal.name, Tags=TAGS)
        else:
            iam.create_role(RoleName=principal.name, AssumeRolePolicyDocument=json.dumps(principal.trust), Tags=TAGS)
    except ClientError as error:
        only(error, "EntityAlreadyExists")
        return


def put_managed_policy(iam: IAMClient, name: str, account: str, policy: object) -> None:
    """Create a managed policy, or its next version. IAM keeps five: at that number the oldest is deleted."""
    arn, text = policy_arn(name, account), json.dumps(policy)
    try:
        iam.create_policy(PolicyName=name, PolicyDocument=text)
    except ClientError as error:
        only(error, "EntityAlreadyExists")
    else:
        return
    pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
    versions = [version for page in pages for version in page["Versions"]]
    if len(versions) >= 5:
        iam.delete_policy_version(PolicyArn=arn, VersionId=_oldest(versions))
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)


def attach(iam: IAMClient, user: str, policy: str, account: str) -> None:
    """Attach the policy. One that is already attached is a success."""
    iam.attach_user_policy(UserName=user, PolicyArn=policy_arn(policy, account))


def policy_arn(name: str, account: str) -> str:
    return f"arn:aws:iam::{account}:policy/{name}"


def _role(iam: IAMClient, principal: Principal, account: str) -> tuple[ObservedPrincipal, str]:
    name = principal.name
    role = iam.get_role(RoleName=name)["Role"]
    inline, attached = role_policies(iam, name)
    policy: object = None
    if principal.policy_name in inline:
        policy = iam.get_role_policy(RoleName=name, PolicyName=principal.policy_name)["PolicyDocument"]
        inline.remove(principal.policy_name)
    trust = plain(role["AssumeRolePolicyDocument"])
    return ObservedPrincipal(trust, carries_tag(role.get("Tags", [])), plain(policy), True, (*inline, *attached)), role[
        "Arn"
    ]


def _user(iam: IAMClient, principal: Principal, account: str) -> tuple[ObservedPrincipal, str]:
    name, ours = principal.name, policy_arn(principal.policy_name, account)
    user = iam.get_user(UserName=name)["User"]
    inline, attached = _user_policies(iam, name)
    others = (*inline, *(arn.rpartition("/")[2] for arn in attached if arn != ours))
    policy = _managed_policy(iam, ours)
    return ObservedPrincipal(None, carries_tag(user.get("Tags", [])), policy, ours in attached, others), user["Arn"]


def _user_policies(iam: IAMClient, name: str) -> tuple[list[str], list[str]]:
    """The names of the user's inline policies, and the ARNs of its attached policies."""
    inline = iam.get_paginator("list_user_policies").paginate(UserName=name)
    attached = iam.get_paginator("list_attached_user_policies").paginate(UserName=name)
    return (
        [policy for page in inline for policy in page["PolicyNames"]],
        [policy["PolicyArn"] for page in attached for policy in page["AttachedPolicies"]],
    )


def _managed_policy(iam: IAMClient, arn: str) -> object:
    try:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return plain(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    except ClientError as error:
        only(error, "NoSuchEntity")
        return None


def _oldest(versions: list[PolicyVersionTypeDef]) -> str:
    kept = [one["VersionId"] for one in versions if not one["IsDefaultVersion"]]
    if not kept:
        raise UnusableAnswer(call="iam:ListPolicyVersions", lacks="only default versions")
    return min(kept, key=_number)


def _number(version: str) -> int:
    """The number of a version: 3 for "v3", and for "v3.1", which the API's description allows."""
    digits = version.removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdecimal() else 0
