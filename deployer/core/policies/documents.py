"""Policies as parsed JSON: statements, trust policies, and the subjects of GitHub's jobs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

Statement: TypeAlias = dict[str, Any]

POLICY_NAME_CHARACTERS: Final = 128  # IAM API reference, PutRolePolicy
ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"


def policy_name(app: str, environment: str) -> str:
    """The name of the deployer's policy in a role: one for each environment, so that two can share a role."""
    return f"{app}-{environment}"[:POLICY_NAME_CHARACTERS]


def allow(actions: Iterable[str], resources: Sequence[str] | str) -> Statement:
    on = resources if isinstance(resources, str) else list(resources)
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def deny(actions: Iterable[str], resources: Sequence[str] | str) -> Statement:
    """A statement that denies actions, whatever else allows them."""
    return {**allow(actions, resources), "Effect": "Deny"}


def policy(*statements: Statement) -> object:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def service_trust(service: str) -> object:
    """A trust policy for one AWS service."""
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def provider_arn(account: str) -> str:
    """The account's identity provider for GitHub's tokens."""
    return f"arn:aws:iam::{account}:oidc-provider/{ISSUER}"


def subjects(repository: str, environment: str, ids: tuple[int, int] | None) -> list[str]:
    """The `sub` of a job in GitHub's environment of this name: never a branch's `sub`, never a wildcard.

    `ids` are the numbers of owner and repository: repositories created, renamed or moved since 2026-07-15 have them in
    their tokens (GitHub docs, "OpenID Connect reference").
    """
    owner, _, name = repository.partition("/")
    claims = [f"repo:{repository}:environment:{environment}"]
    if ids:
        claims.append(f"repo:{owner}@{ids[0]}/{name}@{ids[1]}:environment:{environment}")
    return claims


def github_trust(account: str, subjects: Sequence[str]) -> object:
    """A trust policy for jobs with one of these subjects, and for no other caller."""
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn(account)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": AUDIENCE,
                    f"{ISSUER}:sub": subjects[0] if len(subjects) == 1 else list(subjects),
                }
            },
        }
    )
