"""Read from the types of model.py which keys are allowed in which group."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deployer.manifest.model import LiteralVariable, Manifest, SecretVariable
from deployer.manifest.tree import Node, Path, Word, find

Group = type[BaseModel]
_VARIABLES: Final = "variables"  # below it, every name is allowed


def groups(root: Node | None, path: Path) -> tuple[Group, ...]:
    """The types that the group at a path of the file may have: one, or several while its `kind` is not chosen."""
    found: tuple[Group, ...] = (Manifest,)
    for length, step in enumerate(path, start=1):
        if path[:length] == (_VARIABLES,):
            continue
        inside = (
            (SecretVariable, LiteralVariable) if path[:1] == (_VARIABLES,) else _inside(fields(found).get(str(step)))
        )
        kind = find(root, (*path[:length], "kind"))[1]
        chosen = tuple(group for group in inside if isinstance(kind, Word) and kind.text in kinds(group))
        found = chosen or inside
    return found


def fields(of: tuple[Group, ...]) -> dict[str, FieldInfo]:
    """The keys of groups, and the field of each."""
    return {name: field for group in of for name, field in group.model_fields.items()}


def kinds(group: Group) -> tuple[str, ...]:
    """The values that `kind` may have in a group; nothing where it has no such key."""
    kind = group.model_fields.get("kind")
    return get_args(kind.annotation) if kind else ()


def _inside(field: FieldInfo | None) -> tuple[Group, ...]:
    return tuple(_groups_in(field.annotation)) if field else ()


def _groups_in(annotation: Any) -> Iterator[Group]:
    if get_origin(annotation) in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _groups_in(one)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _known(of: tuple[Group, ...] = (Manifest,), path: Path = ()) -> Iterator[tuple[Path, tuple[str, ...]]]:
    yield path, tuple(fields(of))
    for name, field in fields(of).items():
        if inside := _inside(field):
            yield from _known(inside, (*path, name))


KNOWN_KEYS: Final = dict(_known())
"""The keys of every group except the variables, by its path."""
