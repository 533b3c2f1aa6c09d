"""Write a workflow as YAML: keys in their order, scripts as blocks, and an action's version as a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from sys import maxsize
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

from deployer.ci.actions import Action

Value: TypeAlias = "str | int | bool | Action | Mapping[str, Value] | Sequence[Value]"


def yaml_text(workflow: Mapping[str, Value]) -> str:
    """Return the document, with an empty line before each section."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = maxsize
    document = _mapping(workflow)
    for key in [*document][1:]:
        document.yaml_set_comment_before_after_key(key, before="\n")
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _mapping(values: Mapping[str, Value]) -> CommentedMap:
    mapping = CommentedMap()
    for key, value in values.items():
        mapping[key] = _node(value)
        if isinstance(value, Action):
            mapping.yaml_add_eol_comment(value.version, key, column=0)
    return mapping


def _node(value: Value) -> Any:
    match value:
        case Action():
            return f"{value.name}@{value.commit}"
        case str():
            return _text(value)
        case Mapping():
            return _mapping(value)
        case Sequence():
            items = CommentedSeq(map(_node, value))
            if not any(isinstance(item, Mapping) for item in value):
                items.fa.set_flow_style()
            return items
        case _:
            return value


def _text(value: str) -> Any:
    if "\n" in value:
        return LiteralScalarString(value.rstrip("\n") + "\n")
    # ruamel writes these plain, but reads them in a list on one line as a mapping: [?0] as [{0: null}].
    return SingleQuotedScalarString(value) if value.startswith(("?", ":")) else value
