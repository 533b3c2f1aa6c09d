"""The members that the deployer needs of each AWS answer, checked when the answer arrives.

AWS's description of its APIs lets nearly every member of an answer be absent. An answer that lacks one of these is an
error that names the member, never an empty value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, PaginationError

Page = TypeVar("Page", bound=Mapping[str, Any])


class UnusableAnswer(BotoCoreError):
    """AWS answered a call with an answer that cannot be used. Whether the call changed anything is not known.

    Its base class is that of an answer which never arrived, so that both are handled alike.
    """

    fmt = "the answer to {call} has {lacks}"


# By call, the members that are read; a target or a kind of resource with an API of its own adds to them. `[]` follows
# a list: all its elements have the member.
READ: Final[dict[str, tuple[str, ...]]] = {
    "sts:GetCallerIdentity": ("Account", "Arn"),
    "ssm:GetParameter": ("Parameter.Value", "Parameter.Version", "Parameter.LastModifiedDate"),
    "ssm:GetParameters": ("Parameters[].Name", "Parameters[].Type", "Parameters[].Value", "Parameters[].Version"),
    "ssm:DescribeParameters": (
        "Parameters[].Name",
        "Parameters[].Type",
        "Parameters[].Version",
        "Parameters[].LastModifiedDate",
    ),
    "ssm:GetParameterHistory": ("Parameters[].Version", "Parameters[].Value", "Parameters[].LastModifiedDate"),
    "ssm:PutParameter": ("Version",),
    "ecr:GetAuthorizationToken": ("authorizationData[].authorizationToken", "authorizationData[].proxyEndpoint"),
    "ecr:DescribeRepositories": (
        "repositories[].repositoryName",
        "repositories[].repositoryUri",
        "repositories[].imageTagMutability",
    ),
    "ecr:GetLifecyclePolicy": ("lifecyclePolicyText",),
    "ecr:DescribeImages": ("imageDetails[].imageDigest",),
    "ecr:BatchGetImage": ("images[].imageId.imageDigest", "images[].imageManifest"),
    "ecr:GetDownloadUrlForLayer": ("downloadUrl",),
    "iam:GetRole": ("Role.Arn", "Role.AssumeRolePolicyDocument"),
    "iam:GetRolePolicy": ("PolicyDocument",),
    "iam:ListRolePolicies": ("PolicyNames",),
    "iam:ListAttachedRolePolicies": ("AttachedPolicies[].PolicyName",),
    "iam:GetUser": ("User.Arn",),
    "iam:ListUserPolicies": ("PolicyNames",),
    "iam:ListAttachedUserPolicies": ("AttachedPolicies[].PolicyArn",),
    "iam:GetPolicy": ("Policy.DefaultVersionId",),
    "iam:GetPolicyVersion": ("PolicyVersion.Document",),
    "iam:ListPolicyVersions": ("Versions[].VersionId", "Versions[].IsDefaultVersion"),
    "iam:SimulatePrincipalPolicy": ("EvaluationResults[].EvalActionName", "EvaluationResults[].EvalDecision"),
    "logs:DescribeLogStreams": ("logStreams[].logStreamName",),
    "logs:FilterLogEvents": ("events[].eventId", "events[].timestamp", "events[].message"),
}


def pages(ask: Callable[..., Page], **request: Any) -> Iterator[Page]:
    """Every page of a list for which botocore has no paginator. Raises PaginationError when a token is repeated."""
    tokens: set[str] = set()
    while True:
        page = ask(**request)
        yield page
        token = page.get("NextToken")
        if not token:
            return
        if token in tokens:
            raise PaginationError(message="a page names a token that an earlier page named")
        tokens.add(token)
        request["NextToken"] = token


def check(call: str, answer: Mapping[str, Any], read: Mapping[str, tuple[str, ...]]) -> None:
    """Raise UnusableAnswer when an answer lacks one of the members that are `read` of it, by call."""
    for path in read.get(call, ()):
        if missing := next(_missing(answer, path.split("."), ""), None):
            raise UnusableAnswer(call=call, lacks=f"no {missing}")


def _missing(value: Mapping[str, Any], path: list[str], above: str) -> Iterator[str]:
    """Each member of the path that is absent."""
    name, deeper = path[0].removesuffix("[]"), path[1:]
    if name not in value:
        yield f"{above}{name}"
    elif not deeper:
        return
    elif path[0].endswith("[]"):
        for element in value[name]:
            yield from _missing(element, deeper, f"{above}{name}[].")
    else:
        yield from _missing(value[name], deeper, f"{above}{name}.")
