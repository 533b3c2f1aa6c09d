"""The steps of a bootstrap as a script of the AWS CLI, for a team whose administrators take them. Pure.

Every line can be run again: what exists is not created twice, and nothing that another owner keeps is removed.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from msgspec import Struct

from deployer.account.operating import operating_policy, operating_policy_name
from deployer.account.requirements import Principal, Requirements
from deployer.core.lifecycle import lifecycle_policy
from deployer.core.policies.documents import AUDIENCE, ISSUER, provider_arn
from deployer.view.bootstrap_text import USES

TAGS = "--tags Key=managed-by,Value=deployer"
QUIET = ">/dev/null 2>&1"


class Command(Struct, frozen=True):
    """The purpose of a step, the document that it writes, None for none, and its shell lines."""

    about: str
    document: object | None
    lines: str


def commands(requirements: Requirements, endpoint: str | None) -> tuple[Command, ...]:
    """All steps in order. `endpoint` is the local AWS, None for the real one."""
    there = f" --endpoint-url {endpoint}" if endpoint else ""
    keys = f", with the keys that `deployer local env {requirements.desired.environment}` prints" if endpoint else ""
    return tuple(_commands(requirements, f"aws --region {requirements.desired.region}{there}", keys))


def script(commands: tuple[Command, ...]) -> str:
    """All of them as one script that stops at the first failure."""
    return "\n".join(
        ["set -eu", "export AWS_PAGER=", *(f"\n# {command.about}\n{command.lines}" for command in commands)]
    )


def _commands(requirements: Requirements, aws: str, keys: str) -> Iterator[Command]:
    account = requirements.desired.account
    right = (
        f'if [ "$({aws} sts get-caller-identity --query Account --output text)" != {account} ]; then\n'
        f"  echo 'these credentials do not belong to account {account}; nothing was changed' >&2\n  exit 1\nfi"
    )
    yield Command(f"the account has to be {account}{keys}", None, right)
    yield from _repository(requirements, f"{aws} ecr")
    if requirements.provider:
        known = f"get-open-id-connect-provider --open-id-connect-provider-arn {provider_arn(account)}"
        make = f"create-open-id-connect-provider --url https://{ISSUER} --client-id-list {AUDIENCE}"
        yield Command("the account trusts GitHub's tokens", None, f"{aws} iam {known} {QUIET} ||\n  {aws} iam {make}")
    for principal in requirements.principals:
        yield from (
            _role(principal, f"{aws} iam") if principal.kind == "role" else _user(principal, f"{aws} iam", account)
        )
    if document := operating_policy(requirements.desired):
        name = operating_policy_name(requirements.desired)
        yield Command(
            f"{name}: lets people use just inbox, dead and replay; attach it to them",
            document,
            _policy(f"{aws} iam", account, name, document),
        )


def _repository(requirements: Requirements, ecr: str) -> Iterator[Command]:
    image = requirements.desired.image
    name = f"--repository-name {image.repository}"
    yield Command(
        "the repository of the image",
        None,
        f"{ecr} describe-repositories --repository-names {image.repository} {QUIET} ||\n"
        f"  {ecr} create-repository {name} --image-tag-mutability IMMUTABLE \\\n"
        f"    --image-scanning-configuration scanOnPush=true {TAGS}",
    )
    rules: str | None = None
    for environment in (requirements.desired.environment, *requirements.beside):
        rules = lifecycle_policy(environment, image.keep, rules)
    document = json.loads(rules or "")
    yield Command(
        "which images expire, where no rule exists yet",
        document,
        f"{ecr} get-lifecycle-policy {name} {QUIET} ||\n"
        f"  {ecr} put-lifecycle-policy {name} --lifecycle-policy-text {_quoted(document)}",
    )


def _role(role: Principal, iam: str) -> Iterator[Command]:
    name, about = f"--role-name {role.name}", f"{role.name}: {USES[role.use]}"
    yield Command(
        f"{about}; who may assume it",
        role.trust,
        f"{iam} get-role {name} {QUIET} ||\n"
        f"  {iam} create-role {name} {TAGS} --assume-role-policy-document {_quoted(role.trust)}",
    )
    yield Command(
        f"{about}; what it may do",
        role.policy,
        f"{iam} put-role-policy {name} --policy-name {role.policy_name} --policy-document {_quoted(role.policy)}",
    )


def _user(user: Principal, iam: str, account: str) -> Iterator[Command]:
    name, about = f"--user-name {user.name}", f"{user.name}: {USES[user.use]}"
    arn = f"--policy-arn arn:aws:iam::{account}:policy/{user.policy_name}"
    yield Command(
        f"{about}; create its keys with: aws iam create-access-key {name}",
        None,
        f"{iam} get-user {name} {QUIET} ||\n  {iam} create-user {name} {TAGS}",
    )
    yield Command(
        f"{about}; what it may do, as the newest of at most five versions",
        user.policy,
        _policy(iam, account, user.policy_name, user.policy),
    )
    yield Command(f"{about}; that takes effect", None, f"{iam} attach-user-policy {name} {arn}")


def _policy(iam: str, account: str, name: str, document: object) -> str:
    """Create a policy of the account, or a newer version of it."""
    arn = f"--policy-arn arn:aws:iam::{account}:policy/{name}"
    return (
        f"document={_quoted(document)}\n"
        f"if {iam} get-policy {arn} {QUIET}; then\n"
        f'  {iam} create-policy-version {arn} --set-as-default --policy-document "$document"\n'
        f'else\n  {iam} create-policy --policy-name {name} --policy-document "$document"\nfi'
    )


def _quoted(document: object) -> str:
    return shlex.quote(json.dumps(document, indent=2))
