"""Which IAM actions each call of the deployer needs, and on which resources. Pure.

A resource is named by parameters of a call that hold a name, never by one that may hold a value. The actions are those
of the Service Authorization Reference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

PARAMETER: Final = "arn:aws:ssm:{region}:{account}:parameter{name}"
REPOSITORY: Final = "arn:aws:ecr:{region}:{account}:repository/{name}"
ROLE: Final = "arn:aws:iam::{account}:role/{name}"
USER: Final = "arn:aws:iam::{account}:user/{name}"
POLICY: Final = "arn:aws:iam::{account}:policy/{name}"
LOG_GROUP: Final = "arn:aws:logs:{region}:{account}:log-group:{name}:*"
AS_IT_IS: Final = "{name}"  # the call names the ARN itself


class Need(Struct, frozen=True):
    """One action on some resources that a policy has to allow."""

    action: str
    resources: tuple[str, ...]

    @property
    def statement(self) -> str:
        """The policy statement that allows it, as JSON on one line."""
        shorter = _shorter(self.resources)
        resource = shorter[0] if len(shorter) == 1 else shorter
        return json.dumps({"Effect": "Allow", "Action": self.action, "Resource": resource}, separators=(",", ":"))

    def __str__(self) -> str:
        return f"{self.action} on {', '.join(_shorter(self.resources))}"


class Right(Struct, frozen=True):
    """An action, and which parameters of the call name its resources, in which form; "*" when none does.

    `only_with` is a parameter: without it, the call does not need the action.
    """

    action: str
    on: Mapping[str, str] = field(default_factory=dict)
    only_with: str = ""


def simple(on: Mapping[str, str], *actions: str) -> dict[str, tuple[Right, ...]]:
    """Calls that each need the action with their own name, on the same resources."""
    return {action: (Right(action, on),) for action in actions}


_NAMED, _IMAGES, _ROLE = {"Name": PARAMETER}, {"repositoryName": REPOSITORY}, {"RoleName": ROLE}
_USER = {"UserName": USER}

# The calls that every environment needs. A target or a kind of resource with an API of its own adds to them.
CALLS: Final[Mapping[str, tuple[Right, ...]]] = {
    **simple({}, "sts:GetCallerIdentity"),
    **simple({}, "ssm:DescribeParameters"),
    **simple(_NAMED, "ssm:GetParameter", "ssm:GetParameterHistory", "ssm:DeleteParameter"),
    **simple({"Names": PARAMETER}, "ssm:GetParameters"),
    **simple({"ResourceId": PARAMETER}, "ssm:AddTagsToResource", "ssm:ListTagsForResource"),
    "ssm:PutParameter": (Right("ssm:PutParameter", _NAMED), Right("ssm:AddTagsToResource", _NAMED, "Tags")),
    **simple({"repositoryNames": REPOSITORY}, "ecr:DescribeRepositories"),
    **simple(_IMAGES, "ecr:DescribeImages", "ecr:GetLifecyclePolicy", "ecr:PutLifecyclePolicy", "ecr:PutImage"),
    **simple(_IMAGES, "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    **simple({}, "ecr:GetAuthorizationToken"),
    **simple(_IMAGES, "ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration"),
    **simple(_IMAGES, "ecr:DeleteRepository"),
    "ecr:CreateRepository": (Right("ecr:CreateRepository", _IMAGES), Right("ecr:TagResource", _IMAGES, "tags")),
    **simple(_ROLE, "iam:GetRole", "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"),
    **simple(_ROLE, "iam:ListRolePolicies", "iam:ListAttachedRolePolicies", "iam:DeleteRolePolicy", "iam:DeleteRole"),
    "iam:CreateRole": (Right("iam:CreateRole", _ROLE), Right("iam:TagRole", _ROLE, "Tags")),
    **simple({"PolicySourceArn": AS_IT_IS}, "iam:SimulatePrincipalPolicy"),
    **simple(_USER, "iam:GetUser", "iam:ListUserPolicies", "iam:ListAttachedUserPolicies", "iam:AttachUserPolicy"),
    "iam:CreateUser": (Right("iam:CreateUser", _USER), Right("iam:TagUser", _USER, "Tags")),
    "iam:CreatePolicy": (Right("iam:CreatePolicy", {"PolicyName": POLICY}),),
    **simple({"PolicyArn": AS_IT_IS}, "iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"),
    **simple({"PolicyArn": AS_IT_IS}, "iam:CreatePolicyVersion", "iam:DeletePolicyVersion"),
    **simple({"OpenIDConnectProviderArn": AS_IT_IS}, "iam:GetOpenIDConnectProvider"),
    **simple({}, "iam:CreateOpenIDConnectProvider"),
    **simple({"logGroupName": LOG_GROUP}, "logs:FilterLogEvents", "logs:DescribeLogStreams"),
}

# What docker, podman or buildah calls with the login, beside PutImage.
PUSHED: Final = simple(
    _IMAGES,
    *("ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"),
)

NONE: Final[Mapping[str, tuple[Right, ...]]] = {}


def needs(
    call: str,
    parameters: Mapping[str, Any],
    region: str,
    account: str,
    added: Mapping[str, tuple[Right, ...]] = NONE,
) -> tuple[Need, ...]:
    """The needs of a call such as "ssm:PutParameter", its own action first. `added` are those of targets and kinds."""
    rights = CALLS.get(call) or added.get(call) or PUSHED.get(call, (Right(call),))
    return tuple(
        Need(right.action, _resources(right, parameters, region, account))
        for right in rights
        if not right.only_with or right.only_with in parameters
    )


def _resources(right: Right, parameters: Mapping[str, Any], region: str, account: str) -> tuple[str, ...]:
    arns = {
        form.format(region=region, account=account, name=_whole(name) if form is PARAMETER else name): None
        for key, form in right.on.items()
        for name in _names(parameters, key)
    }
    return tuple(arns) or ("*",)


def _names(parameters: Mapping[str, Any], key: str) -> Iterator[str]:
    value: Any = parameters
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    for name in value if isinstance(value, list | tuple) else [value]:
        if name and isinstance(name, str):
            yield name


def _whole(name: str) -> str:
    """A parameter's name as its ARN ends: without a version number, and with a leading slash."""
    return "/" + name.partition(":")[0].removeprefix("/")


def _shorter(resources: tuple[str, ...]) -> tuple[str, ...]:
    """Replace several parameters of one folder by the folder."""
    if not all(":parameter/" in one for one in resources):
        return resources
    folders = Counter(one.rpartition("/")[0] for one in resources)
    several = {one: one.rpartition("/")[0] for one in resources if folders[one.rpartition("/")[0]] > 1}
    return tuple(dict.fromkeys(f"{several[one]}/*" if one in several else one for one in resources))
