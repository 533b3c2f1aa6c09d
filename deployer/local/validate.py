"""Check a request against botocore's model: types, members, lengths, ranges, patterns and enums.

botocore itself checks types, required members and minimums only; the service checks all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.model import StructureShape

from deployer.local.models import service_model

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StringShape

SHOWN = 60  # characters of a value that a message repeats


@cache
def input_shape(service: str, operation: str) -> StructureShape:
    """Return the input of an operation by botocore's model of its service."""
    shape = service_model(service).operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    return shape


def reasons(shape: Shape | None, value: object) -> list[str]:
    """Return everything that is wrong with `value`, one sentence each. Sensitive values and keys are not repeated."""
    if shape is None:
        return [] if value == {} else ["the operation takes no members"]
    return list(_check(shape, value, ""))


def _check(shape: Shape, value: object, path: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield from _structure(cast(StructureShape, shape), value, path)
        case "list":
            yield from _list(cast("ListShape", shape), value, path)
        case "map":
            yield from _map(cast("MapShape", shape), value, path)
        case "string":
            yield from _string(cast("StringShape", shape), value, path)
        case "boolean":
            if not isinstance(value, bool):
                yield f"{path} must be true or false"
        case "integer" | "long" | "timestamp" | "double" | "float":
            yield from _number(shape, value, path)
        case other:
            yield f"{path} is of the kind {other}, which is not known here"


def _number(shape: Shape, value: object, path: str) -> Iterator[str]:
    """Check a number. A timestamp is one too: AWS JSON sends it in seconds."""
    whole = shape.type_name in {"integer", "long"}
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield f"{path} must be a {'whole ' if whole else ''}number"
    else:
        yield from _range(shape, value, f"{path} = {_shown(shape, value)}")


def _structure(shape: StructureShape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'the request'} must be an object"
        return
    dot = f"{path}." if path else ""
    yield from (f"{dot}{name} is required" for name in shape.required_members if value.get(name) is None)
    for name, member in value.items():
        if name not in shape.members:
            yield f"{path or 'the request'} has an unknown member {name[:SHOWN]}"
        elif member is not None:
            yield from _check(shape.members[name], member, dot + name)


def _list(shape: ListShape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} must be a list"
        return
    yield from _range(shape, len(value), f"{path} has {len(value)} items, which")
    for index, item in enumerate(value):
        yield from _check(shape.member, item, f"{path}[{index}]")


def _map(shape: MapShape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} must be a map"
        return
    yield from _range(shape, len(value), f"{path} has {len(value)} entries, which")
    hidden = bool(shape.key.metadata.get("sensitive"))
    for index, (key, item) in enumerate(value.items()):
        name = f"entry {index + 1}" if hidden else str(key)[:SHOWN]
        yield from _check(shape.key, key, f"{path}: the key of {name}" if hidden else f"{path}: the key {name}")
        yield from _check(shape.value, item, f"{path}: the value of {name}")


def _string(shape: StringShape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path} must be a string"
        return
    wrong = list(_range(shape, len(value), f"{path} has {len(value)} characters, which"))
    yield from wrong
    enum = shape.enum
    if enum and value not in enum:
        yield f"{path} = {_shown(shape, value)} is none of {', '.join(enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not wrong and not _compiled(pattern).fullmatch(value):
        yield f"{path} = {_shown(shape, value)} does not match {pattern}"


def _range(shape: Shape, size: float, subject: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{subject} is less than {low}"
    if high is not None and size > high:
        yield f"{subject} is more than {high}"


def _shown(shape: Shape, value: object) -> str:
    if shape.metadata.get("sensitive"):
        return "(not shown)"
    text: Any = str(value)
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern. Its classes of Unicode letters, numbers and spaces are translated for Python."""
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s"))
