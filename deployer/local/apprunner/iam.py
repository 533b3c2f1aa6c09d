"""What IAM policies allow. Pure: documents in, a decision out.

After "Policy evaluation logic" of the IAM user guide, for one account: an explicit Deny wins, otherwise an Allow is
needed. No Condition is known here, so a statement that has one never allows, and always denies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Document = Mapping[str, Any]

# PolicyEvaluationDecisionType of the API's model.
ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY = "allowed", "explicitDeny", "implicitDeny"


@dataclass(frozen=True)
class Decision:
    """`unknown` names the condition keys of the statements that fit."""

    outcome: str
    unknown: frozenset[str] = frozenset()

    @property
    def allows(self) -> bool:
        return self.outcome == ALLOWED


def allows(policies: Iterable[Document], action: str, resource: str) -> bool:
    """Whether the policies together allow `action` (such as ssm:GetParameters) on the ARN `resource`."""
    return decide(policies, action, resource).allows


def decide(policies: Iterable[Document], action: str, resource: str) -> Decision:
    """What the policies together say of `action` on `resource`."""
    return _decide(
        statement
        for policy in policies
        for statement in _statements(policy)
        if _fits(statement, "Action", action, _action_matches)
        and _fits(statement, "Resource", resource, _resource_matches(statement))
    )


def trusts(trust: Document, service: str) -> bool:
    """Whether a role's trust policy lets the service principal `service` assume it."""
    return _decide(
        statement
        for statement in _statements(trust)
        if _names(statement.get("Principal"), service) and _fits(statement, "Action", "sts:AssumeRole", _action_matches)
    ).allows


def _decide(fitting: Iterator[Mapping[str, Any]]) -> Decision:
    outcome, unknown = IMPLICIT_DENY, set()
    for statement in fitting:
        condition = statement.get("Condition")
        unknown |= _keys(condition)
        if statement.get("Effect") == "Deny":
            outcome = EXPLICIT_DENY
        elif statement.get("Effect") == "Allow" and not condition and outcome != EXPLICIT_DENY:
            outcome = ALLOWED
    return Decision(outcome, frozenset(unknown))


def _keys(condition: object) -> set[str]:
    """The keys below the operators, such as aws:SourceAccount below StringEquals."""
    operators = condition.values() if isinstance(condition, Mapping) else ()
    return {key for keys in operators if isinstance(keys, Mapping) for key in keys}


def _statements(document: Document) -> Iterator[Mapping[str, Any]]:
    return (statement for statement in _listed(document.get("Statement")) if isinstance(statement, Mapping))


def _fits(statement: Mapping[str, Any], key: str, value: str, matches: Any) -> bool:
    if key in statement:
        return any(matches(str(pattern), value) for pattern in _listed(statement[key]))
    if f"Not{key}" in statement:
        return not any(matches(str(pattern), value) for pattern in _listed(statement[f"Not{key}"]))
    return False


def _names(principal: object, service: str) -> bool:
    if principal == "*":
        return True
    return isinstance(principal, Mapping) and service in _listed(principal.get("Service"))


def _action_matches(pattern: str, action: str) -> bool:
    return _wildcards(pattern.lower()).fullmatch(action.lower()) is not None


def _resource_matches(statement: Mapping[str, Any]) -> Any:
    """Wildcards do not cross a colon of an ARN, and missing segments are `*` (IAM user guide, "Resource").

    A policy variable is not known here either: with one in it, a pattern of a Deny matches and one of an Allow does
    not.
    """
    denies = (statement.get("Effect") == "Deny") != ("NotResource" in statement)

    def matches(pattern: str, resource: str) -> bool:
        if "${" in pattern:
            return denies
        if pattern == "*":
            return True
        wanted = pattern.split(":", 5)
        wanted += ["*"] * (6 - len(wanted))
        return all(
            _wildcards(part).fullmatch(value) is not None
            for part, value in zip(wanted, resource.split(":", 5), strict=True)
        )

    return matches


@cache
def _wildcards(pattern: str) -> re.Pattern[str]:
    escaped = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(escaped), re.DOTALL)


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
