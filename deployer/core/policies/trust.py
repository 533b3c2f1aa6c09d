"""Who a trust policy lets in. Documents are parsed JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from deployer.core.policies.documents import AUDIENCE, ISSUER, provider_arn

SUBJECT, AUDIENCE_KEY = f"{ISSUER}:sub", f"{ISSUER}:aud"
_EQUAL, _LIKE = {"StringEquals"}, {"StringLike"}


def trusts(document: object, service: str) -> bool:
    """Whether a service of AWS may assume the role."""
    return any(
        "sts:AssumeRole" in _listed(statement.get("Action")) and service in _principals(statement, "Service")
        for statement in _allowing(document)
    )


def admits(document: object, account: str, subject: str) -> bool:
    """Whether a job with this subject may take the role on. A condition that is not understood lets nobody in."""
    token = {SUBJECT: subject, AUDIENCE_KEY: AUDIENCE}
    return any(_holds(statement, token) for statement in _of_github(document, account))


def strangers(document: object, account: str) -> tuple[str, ...]:
    """Whom the role lets in beside jobs that are named: patterns of subjects, or every job on GitHub."""
    found: list[str] = []
    for statement in _of_github(document, account):
        subjects = [value for _, key, values in _conditions(statement) if key == SUBJECT for value in values]
        found += ["every job of every repository on GitHub"] if not subjects else []
        found += [subject for subject in subjects if "*" in subject or "?" in subject]
    return tuple(found)


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
    return list(value) if isinstance(value, list | tuple) else [value]
