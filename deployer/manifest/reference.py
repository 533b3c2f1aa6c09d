"""Every key of a manifest as a page in markdown, made from the same JSON Schema that editors read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from deployer.manifest.schema import json_schema

_HEAD = """# Manifest

Every key of `env/<environment>.yaml`. This page is generated from `deployer/manifest/model.py` by
`just generate`. A key that is not listed here is an error, and so is `null`.
[The explanation](../explanation/manifest.md) describes how the keys work together.
"""
_TABLE = """
| key | default | allowed | meaning |
|---|---|---|---|
"""


def render_reference() -> str:
    """The page docs/reference/manifest.md."""
    schema = json_schema()
    top = "".join([_HEAD, "\n## The file\n", _TABLE, *_rows(schema, schema)])
    return top + "".join(_section(path, part, schema) for path, part in _parts(schema, schema, ""))


def _parts(schema: dict[str, Any], whole: dict[str, Any], above: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping inside a mapping, each right after the one that holds it."""
    for key, node in schema["properties"].items():
        for choices in (node, *node.get("patternProperties", {}).values()):
            for choice in choices.get("oneOf", ()):
                part = _followed(choice, whole)
                tag = node["discriminator"]["propertyName"] if "discriminator" in node else "kind"
                name = f"{above}{key}: {part['properties'][tag]['const']}"
                yield name, part
                if tag != "kind":
                    yield from _parts(part, whole, f"{name}: ")
        if "$ref" in node:
            part = _followed(node, whole)
            yield f"{above}{key}", part
            yield from _parts(part, whole, f"{above}{key}.")


def _followed(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = whole["$defs"][node["$ref"].rpartition("/")[2]]
    return part


def _section(path: str, part: dict[str, Any], whole: dict[str, Any]) -> str:
    return "".join([f"\n## {path}\n\n{part['description']}\n", _TABLE, *_rows(part, whole)])


def _rows(part: dict[str, Any], whole: dict[str, Any]) -> Iterator[str]:
    for key, node in part["properties"].items():
        described = node if "description" in node else _followed(node, whole)
        cells = (f"`{key}`", _left_out(key, node, part), _may_be(node), described["description"])
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _left_out(key: str, node: dict[str, Any], part: dict[str, Any]) -> str:
    if key in part.get("required", ()):
        return "required"
    if "default" not in node:
        return "none"
    return "as below" if "$ref" in node else f"`{_yaml(node['default'])}`"


def _may_be(node: dict[str, Any]) -> str:
    if "$ref" in node or "oneOf" in node or "patternProperties" in node:
        return "a mapping, see below"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{_yaml(value)}`" for value in node["enum"])
    if "anyOf" in node:
        return " or ".join(_may_be(choice) for choice in node["anyOf"])
    if node["type"] == "array":
        return f"a list, each {_may_be(node['items'])}"
    if node["type"] == "boolean":
        return "`true`, `false`"
    return _number(node) if node["type"] == "integer" else _text(node)


def _text(node: dict[str, Any]) -> str:
    words = node.get("patternErrorMessage", "text").removeprefix("has to be ")
    return f"{words}, at most {node['maxLength']} characters" if "maxLength" in node else str(words)


def _number(node: dict[str, Any]) -> str:
    match node.get("minimum"), node.get("maximum"):
        case None, None:
            return "a whole number"
        case least, None:
            return f"{least} or more"
        case least, most:
            return f"{least} to {most}"


def _yaml(value: Any) -> str:
    """A value as it is written in the file."""
    quoted = isinstance(value, str) and value.isdigit()
    return value if isinstance(value, str) and not quoted else json.dumps(value)
