"""Read and write roles, each with the inline policy of the deployer. Decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.aws.errors import only
from deployer.core.observed import ObservedRole, RemovableRole
from deployer.core.policies.rights import Need

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_iam.type_defs import TagTypeDef


def read_role(iam: IAMClient, name: str, policy_name: str) -> ObservedRole | None:
    """The role with the inline policy of this name, or None. botocore has parsed both documents already."""
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        only(error, "NoSuchEntity")
        return None
    try:
        policy: object = iam.get_role_policy(RoleName=name, PolicyName=policy_name)["PolicyDocument"]
    except ClientError as error:
        only(error, "NoSuchEntity")
        policy = None
    return ObservedRole(arn=role["Arn"], trust=plain(role["AssumeRolePolicyDocument"]), policy=plain(policy))


def put_trust(iam: IAMClient, name: str, trust: object, *, create: bool) -> None:
    """Create the role, or replace its trust policy."""
    if create:
        _create(iam, name, json.dumps(trust))
    else:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


def put_policy(iam: IAMClient, name: str, policy_name: str, policy: object) -> None:
    """Write the role's inline policy."""
    iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(policy))


def _create(iam: IAMClient, name: str, trust: str) -> None:
    try:
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust, Tags=[{"Key": "managed-by", "Value": "deployer"}]
        )
    except ClientError as error:  # a repeated request finds what its first attempt created
        only(error, "EntityAlreadyExists")
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)


def removable(iam: IAMClient, name: str, policy_name: str) -> RemovableRole | None:
    """What deleting the role would delete with it; None when there is no such role."""
    try:
        role = iam.get_role(RoleName=name)["Role"]
        inline, attached = role_policies(iam, name)
    except ClientError as error:
        only(error, "NoSuchEntity")
        return None
    foreign = [*(policy for policy in inline if policy != policy_name), *attached]
    own = policy_name if policy_name in inline else ""
    return RemovableRole(ours=carries_tag(role.get("Tags", [])), foreign=tuple(foreign), policy=own)


def role_policies(iam: IAMClient, name: str) -> tuple[list[str], list[str]]:
    """The names of the role's inline policies, and of its attached policies. IAM may end a page early."""
    inline = iam.get_paginator("list_role_policies").paginate(RoleName=name)
    attached = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    return (
        [policy for page in inline for policy in page["PolicyNames"]],
        [policy["PolicyName"] for page in attached for policy in page["AttachedPolicies"]],
    )


def carries_tag(tags: Iterable[TagTypeDef]) -> bool:
    """Whether the deployer's tag is among the tags of a role or user."""
    return any((tag.get("Key"), tag.get("Value")) == ("managed-by", "deployer") for tag in tags)


def delete_role(iam: IAMClient, name: str, policy_name: str) -> None:
    """Delete a role with the deployer's inline policy. One that is already gone is a success."""
    delete_policy(iam, name, policy_name)
    try:
        iam.delete_role(RoleName=name)
    except ClientError as error:
        only(error, "NoSuchEntity")
        return


def delete_policy(iam: IAMClient, role: str, policy_name: str) -> None:
    """Delete an inline policy. One that is already gone is a success."""
    try:
        iam.delete_role_policy(RoleName=role, PolicyName=policy_name)
    except ClientError as error:
        only(error, "NoSuchEntity")


class Simulation(Struct, frozen=True):
    """The actions that are not allowed, and those of them that depend on a condition key, with these keys.

    A key such as aws:SourceIp has a value only in a real call, so that AWS reports it as missing.
    """

    denied: tuple[str, ...]
    undecided: tuple[str, ...]
    keys: tuple[str, ...]


def simulate(iam: IAMClient, role: str, actions: Sequence[str], resources: Sequence[str]) -> Simulation:
    """Which of the actions the role is not allowed on every resource given, as AWS evaluates it."""
    refusals: list[tuple[str, list[str]]] = []
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role, ActionNames=actions, ResourceArns=resources
    )
    for page in pages:
        for result in page["EvaluationResults"]:
            if result["EvalDecision"] != "allowed":
                specific = result.get("ResourceSpecificResults", [])
                missing = [*result.get("MissingContextValues", [])]
                missing += [key for one in specific for key in one.get("MissingContextValues", [])]
                refusals.append((result["EvalActionName"], missing if result["EvalDecision"] == "implicitDeny" else []))
    return Simulation(
        denied=_once(action for action, missing in refusals if not missing),
        undecided=_once(action for action, missing in refusals if missing),
        keys=_once(key for _, missing in refusals for key in missing),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def denied(iam: IAMClient, role: str, actions: Sequence[str], resources: Sequence[str]) -> tuple[str, ...]:
    """The actions that the role is not certainly allowed on every resource given."""
    simulated = simulate(iam, role, actions, resources)
    return _once([*simulated.denied, *simulated.undecided])


def refused(iam: IAMClient, principal: str, needs: Iterable[Need]) -> tuple[Need, ...]:
    """The needs that a role or user is not allowed. Those on the same resources are simulated in one call."""
    together: dict[tuple[str, ...], dict[str, None]] = {}
    for need in needs:
        together.setdefault(need.resources, {})[need.action] = None
    needs_refused: dict[Need, None] = {}
    for resources, actions in together.items():
        needs_refused |= {Need(action, resources): None for action in denied(iam, principal, tuple(actions), resources)}
    return tuple(needs_refused)


def role_arn(iam: IAMClient, name: str) -> str:
    """A role's ARN, which holds a path that the ARN of an assumed role lacks."""
    return iam.get_role(RoleName=name)["Role"]["Arn"]


def plain(document: object) -> object:
    """The document as plain dicts and lists, whichever mapping class the client chose."""
    return json.loads(json.dumps(document))
