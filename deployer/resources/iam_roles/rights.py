"""The calls about roles. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired
from deployer.core.target import Call


def reads(desired: Desired) -> Iterator[Call]:
    """The calls of every plan: they read the roles that the manifest manages."""
    for role in desired.roles:
        yield "iam:GetRole", {"RoleName": role.name}
        yield "iam:GetRolePolicy", {"RoleName": role.name}


def inspects(desired: Desired) -> Iterator[Call]:
    """The calls before a deployment: what the roles of the service trust and allow, managed or not."""
    for role in desired.target.roles(desired):
        yield "iam:GetRole", {"RoleName": role.name}
        yield "iam:GetRolePolicy", {"RoleName": role.name}
        yield "iam:SimulatePrincipalPolicy", {"PolicySourceArn": role.arn}


def writes(desired: Desired) -> Iterator[Call]:
    """The calls of a reconcile."""
    for role in desired.roles:
        yield "iam:CreateRole", {"RoleName": role.name, "Tags": []}
        yield "iam:UpdateAssumeRolePolicy", {"RoleName": role.name}
        yield "iam:PutRolePolicy", {"RoleName": role.name}
