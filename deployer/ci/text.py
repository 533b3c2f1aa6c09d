"""Write a workflow as YAML: keys in their order, texts quoted only where YAML would convert them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from deployer.ci.actions import Action

Value: TypeAlias = "str | int | bool | Action | Mapping[str, Value] | Sequence[Value]"

_PLAIN = re.compile(r"[A-Za-z./$][A-Za-z0-9 _./${}()'=!&|@*,-]*(?<! )")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def yaml_text(workflow: Mapping[str, Value]) -> str:
    """Return the document, with an empty line before each section and an action's version as a comment."""
    return "\n\n".join("\n".join(_entry(key, value, "")) for key, value in workflow.items()) + "\n"


def _entry(key: str, value: Value, indent: str) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value:
        yield f"{indent}{key}: |"
        yield from (f"{indent}  {line}" if line else "" for line in value.rstrip("\n").split("\n"))
    elif isinstance(value, Mapping) and value:
        yield f"{indent}{key}:"
        for inner, one in value.items():
            yield from _entry(inner, one, indent + "  ")
    elif isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(one, Mapping) for one in value):
        yield f"{indent}{key}:"
        for one in value:
            yield from _item(one, indent + "  ")
    else:
        yield f"{indent}{key}: {_scalar(value)}"


def _item(value: Value, indent: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        raise TypeError("a list is one of mappings, or of scalars")
    lines = [line for key, one in value.items() for line in _entry(key, one, indent + "  ")]
    yield f"{indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def _scalar(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Action():
            return f"{value.name}@{value.commit} # {value.version}"
        case str():
            return (
                value
                if _PLAIN.fullmatch(value) and value.lower() not in _WORDS
                else json.dumps(value, ensure_ascii=False)
            )
        case Mapping():
            return "{}"
        case _:
            return "[" + ", ".join(map(_in_a_list, value)) + "]"


def _in_a_list(value: Value) -> str:
    text = _scalar(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and re.search(r"[{}*&!|,]", value) else text
