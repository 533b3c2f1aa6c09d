"""Read who may assume a role from its trust policy. Documents are parsed JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

from msgspec import Struct

from deployer.core.policies.documents import AUDIENCE, ISSUER, provider_arn

SUBJECT, AUDIENCE_KEY = f"{ISSUER}:sub", f"{ISSUER}:aud"
_EQUAL, _LIKE = {"StringEquals"}, {"StringLike"}


def trusts(document: object, service: str) -> bool:
    """Whether a service of AWS may assume the role."""
    return any(
        "sts:AssumeRole" in _listed(statement.get("Action")) and service in _principals(statement, "Service")
        for statement in _allowing(document)
    )


def conditions(document: object, service: str) -> tuple[str, ...]:
    """The condition keys that decide in a real call whether the service may assume the role."""
    keys = [
        key
        for statement in _allowing(document)
        if service in _principals(statement, "Service")
        for _, key, _ in _conditions(statement)
    ]
    return tuple(dict.fromkeys(keys))


def admits(document: object, account: str, subject: str) -> bool:
    """Whether a job with this subject may assume the role. A condition that is not understood counts as a refusal."""
    token = {SUBJECT: subject, AUDIENCE_KEY: AUDIENCE}
    return any(_holds(statement, token) for statement in _of_github(document, account))


class Stranger(Struct, frozen=True):
    """Another identity that may assume a role: one with a name, every job on GitHub, or everybody."""

    kind: Literal["named", "every-job", "everybody"]
    name: str = ""


def strangers(document: object, account: str, named: Collection[str]) -> tuple[Stranger, ...]:
    """Who may assume the role apart from the named subjects.

    These are other jobs or a pattern of jobs, every job on GitHub, another identity provider, another account, or
    everyone. A user or role of the same account is not listed: an administrator of the account can allow it anyway.
    """
    others: list[Stranger] = []
    for statement in _allowing(document):
        if not any(_assumes(action) for action in _listed(statement.get("Action"))):
            continue
        if statement.get("Principal") == "*" or "NotPrincipal" in statement:
            others.append(Stranger("everybody"))
        others += [_whose(one) for one in _principals(statement, "AWS") if not _of_account(str(one), account)]
        others += [_named(one) for one in _principals(statement, "Federated") if one != provider_arn(account)]
        if provider_arn(account) in _principals(statement, "Federated"):
            others += _jobs(statement, named)
    return tuple(others)


def _jobs(statement: Mapping[str, Any], named: Collection[str]) -> list[Stranger]:
    """The subjects that are not named. Only a condition that allows narrows them, not one that denies."""
    understood = [values for how, key, values in _conditions(statement) if key == SUBJECT and how in _EQUAL | _LIKE]
    if not understood:
        return [Stranger("every-job")]
    return [_named(subject) for values in understood for subject in values if subject not in named]


def _assumes(action: object) -> bool:
    return any(fnmatchcase(call, str(action)) for call in ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"))


def _whose(principal: object) -> Stranger:
    return Stranger("everybody") if principal == "*" else _named(principal)


def _named(identity: object) -> Stranger:
    return Stranger("named", str(identity))


def _of_account(principal: str, account: str) -> bool:
    return principal == account or principal.startswith(f"arn:aws:iam::{account}:")


def _of_github(document: object, account: str) -> Iterator[Mapping[str, Any]]:
    for statement in _allowing(document):
        if "sts:AssumeRoleWithWebIdentity" in _listed(statement.get("Action")) and provider_arn(account) in _principals(
            statement, "Federated"
        ):
            yield statement


def _holds(statement: Mapping[str, Any], token: Mapping[str, str]) -> bool:
    for operator, key, values in _conditions(statement):
        has = token.get(key)
        if has is None or operator not in _EQUAL | _LIKE:
            return False
        if operator in _EQUAL and has not in values:
            return False
        # fnmatch knows brackets too, which AWS does not
        if not any(fnmatchcase(has, value.replace("[", "[[]")) for value in values):
            return False
    return True


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator, key, [str(value) for value in _listed(values)]


def _allowing(document: object) -> Iterator[Mapping[str, Any]]:
    statements = _listed(document.get("Statement")) if isinstance(document, Mapping) else []
    return (one for one in statements if isinstance(one, Mapping) and one.get("Effect") == "Allow")


def _principals(statement: Mapping[str, Any], kind: str) -> list[Any]:
    principal = statement.get("Principal")
    return _listed(principal.get(kind)) if isinstance(principal, Mapping) else []


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
