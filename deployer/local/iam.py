"""Evaluate IAM policies. Pure: documents in, a decision out.

After "Policy evaluation logic" of the IAM user guide, for one account: an explicit Deny wins, otherwise an Allow is
needed. A statement whose Condition cannot be evaluated (`conditions`) never allows, and always denies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deployer.local.conditions import Context, evaluate, wildcards

Document = Mapping[str, Any]
NOTHING_KNOWN = Context()  # of the request's condition keys

# PolicyEvaluationDecisionType of the API's model.
ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY = "allowed", "explicitDeny", "implicitDeny"


@dataclass(frozen=True)
class Decision:
    """A decision. `unknown` names the condition keys that could not be evaluated and would decide."""

    outcome: str
    unknown: frozenset[str] = frozenset()

    @property
    def allows(self) -> bool:
        return self.outcome == ALLOWED


def allows(policies: Iterable[Document], action: str, resource: str | None, context: Context = NOTHING_KNOWN) -> bool:
    """Return whether the policies together allow `action` (such as ssm:GetParameters) on the ARN `resource`.

    None is some resource: any Allow fits it, and a Deny only when it is of all resources.
    """
    return decide(policies, action, resource, context).allows


def decide(
    policies: Iterable[Document], action: str, resource: str | None, context: Context = NOTHING_KNOWN
) -> Decision:
    """Return the decision of all policies on `action` on `resource` in a request with this context."""
    fitting = (
        statement
        for policy in policies
        for statement in _statements(policy)
        if _fits(statement, "Action", action, _action_matches) and _concerns(statement, resource)
    )
    return _decide(fitting, context)


def trusts(trust: Document, service: str, context: Context = NOTHING_KNOWN) -> bool:
    """Return whether a role's trust policy lets the service principal `service` assume it."""
    return trust_of(trust, service, context).allows


def trust_of(trust: Document, service: str, context: Context = NOTHING_KNOWN) -> Decision:
    """Return the decision of a role's trust policy on the service principal `service`."""
    fitting = (
        statement
        for statement in _statements(trust)
        if _names(statement.get("Principal"), service) and _fits(statement, "Action", "sts:AssumeRole", _action_matches)
    )
    return _decide(fitting, context)


def _decide(fitting: Iterator[Mapping[str, Any]], context: Context) -> Decision:
    outcome, unknown = IMPLICIT_DENY, set[str]()
    for statement in fitting:
        answer = evaluate(statement.get("Condition"), context)
        unknown |= answer.unknown
        if statement.get("Effect") == "Deny" and answer.holds is not False:
            outcome = EXPLICIT_DENY
        elif statement.get("Effect") == "Allow" and answer.holds and outcome != EXPLICIT_DENY:
            outcome = ALLOWED
    return Decision(outcome, frozenset(unknown))


def _statements(document: Document) -> Iterator[Mapping[str, Any]]:
    return (statement for statement in _listed(document.get("Statement")) if isinstance(statement, Mapping))


def _concerns(statement: Mapping[str, Any], resource: str | None) -> bool:
    """Return whether the statement is about the resource, or for None, about some resource."""
    if resource is None:
        return statement.get("Effect") != "Deny" or "*" in _listed(statement.get("Resource"))
    return _fits(statement, "Resource", resource, _resource_matches(statement))


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
    return wildcards(pattern.lower()).fullmatch(action.lower()) is not None


def _resource_matches(statement: Mapping[str, Any]) -> Any:
    """Match an ARN: wildcards do not cross a colon, missing segments are `*` (IAM user guide, "Resource").

    A policy variable is not known here either: with one in it, a pattern of a Deny matches and one of an Allow does
    not.
    """
    denies = (statement.get("Effect") == "Deny") != ("NotResource" in statement)

    def matches(pattern: str, resource: str) -> bool:
        if "${" in pattern:
            return denies
        if pattern == "*":
            return True
        pattern_parts = pattern.split(":", 5)
        pattern_parts += ["*"] * (6 - len(pattern_parts))
        return all(
            wildcards(part).fullmatch(value) is not None
            for part, value in zip(pattern_parts, resource.split(":", 5), strict=True)
        )

    return matches


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
