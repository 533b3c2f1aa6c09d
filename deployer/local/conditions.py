"""Evaluate the Condition of a policy's statement in a request's context. Pure.

After "IAM JSON policy elements: Condition operators" of the IAM user guide. A key that the context does not have is
absent from the request, unless the context is incomplete: then the answer is None, with the key.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

Test = Callable[[str, str], bool | None]


@dataclass(frozen=True)
class Context:
    """The condition keys of one request with their values; keys are compared without case.

    `complete` means that every other key is absent from the request. Otherwise it is unknown.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    complete: bool = False

    def find(self, key: str) -> Sequence[str] | None:
        return next((value for name, value in self.values.items() if name.lower() == key.lower()), None)


@dataclass(frozen=True)
class Answer:
    """The result. `holds` is None where a key or operator in `unknown` would decide."""

    holds: bool | None
    unknown: frozenset[str] = frozenset()


def evaluate(condition: object, context: Context) -> Answer:
    """Return whether every operator holds for each of its keys. An empty condition holds."""
    if not condition:
        return Answer(True)
    if not isinstance(condition, Mapping):
        return Answer(None, frozenset({"Condition"}))
    results, unknown = list[bool | None](), set[str]()
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping):
            return Answer(None, frozenset({str(operator)}))
        for key, expected in keys.items():
            holds = _holds(str(operator), context, str(key), [_text(value) for value in _listed(expected)])
            results.append(holds)
            if holds is None:
                unknown.add(str(key))
    if False in results:
        return Answer(False)
    return Answer(None if unknown else True, frozenset(unknown))


def _holds(operator: str, context: Context, key: str, expected: list[str]) -> bool | None:
    values = context.find(key)
    if operator == "Null":
        if values is None and not context.complete:
            return None
        return any((values is None) == (one.lower() == "true") for one in expected)
    quantifier, _, name = operator.rpartition(":")
    absent_holds = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    test = OPERATORS.get(name)
    if test is None or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        return None
    negated = "Not" in name
    if values is None:
        if not context.complete:
            return None
        return absent_holds or negated or quantifier == "ForAllValues"
    return _compared(test, values, expected, negated=negated, every=quantifier == "ForAllValues")


def _compared(test: Test, values: Sequence[str], expected: list[str], *, negated: bool, every: bool) -> bool | None:
    """Compare a value: it matches if it equals one of the condition's values; negated, if it equals none."""
    fits: list[bool] = []
    for value in values:
        results = [test(pattern, value) for pattern in expected]
        if True not in results and None in results:
            return None
        fits.append((True in results) != negated)
    return all(fits) if every else any(fits)


def _string(pattern: str, value: str) -> bool | None:
    return None if "${" in pattern else pattern == value


def _without_case(pattern: str, value: str) -> bool | None:
    return None if "${" in pattern else pattern.lower() == value.lower()


def _like(pattern: str, value: str) -> bool | None:
    return None if "${" in pattern else wildcards(pattern).fullmatch(value) is not None


def _arn(pattern: str, value: str) -> bool | None:
    """Match an ARN. Wildcards do not cross a colon ("ARN condition operators")."""
    if "${" in pattern:
        return None
    pattern_parts, value_parts = pattern.split(":", 5), value.split(":", 5)
    return len(pattern_parts) == len(value_parts) == 6 and all(
        wildcards(one).fullmatch(other) is not None for one, other in zip(pattern_parts, value_parts, strict=True)
    )


def _bool(pattern: str, value: str) -> bool | None:
    return pattern.lower() == value.lower()


def _address(pattern: str, value: str) -> bool | None:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(pattern: str, value: str) -> bool | None:
        try:
            return compare(float(value), float(pattern))
        except ValueError:
            return False

    return test


OPERATORS: Final[Mapping[str, Test]] = {
    "StringEquals": _string,
    "StringNotEquals": _string,
    "StringEqualsIgnoreCase": _without_case,
    "StringNotEqualsIgnoreCase": _without_case,
    "StringLike": _like,
    "StringNotLike": _like,
    "ArnEquals": _arn,  # wildcards too: the guide says that ArnEquals and ArnLike behave alike
    "ArnLike": _arn,
    "ArnNotEquals": _arn,
    "ArnNotLike": _arn,
    "Bool": _bool,
    "IpAddress": _address,
    "NotIpAddress": _address,
    "NumericEquals": _number(lambda value, limit: value == limit),
    "NumericNotEquals": _number(lambda value, limit: value == limit),
    "NumericLessThan": _number(lambda value, limit: value < limit),
    "NumericLessThanEquals": _number(lambda value, limit: value <= limit),
    "NumericGreaterThan": _number(lambda value, limit: value > limit),
    "NumericGreaterThanEquals": _number(lambda value, limit: value >= limit),
}


@cache
def wildcards(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of an IAM pattern, in which only * and ? are special."""
    escaped = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(escaped), re.DOTALL)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
