"""Read from the types of model.py which keys are allowed in which group."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deployer.manifest.model import LiteralVariable, Manifest, SecretVariable
from deployer.manifest.targets import TAG
from deployer.manifest.tree import Node, Path, Word, find

Group = type[BaseModel]
_VARIABLES: Final = "variables"  # below it, every name is allowed


def groups(root: Node | None, path: Path) -> tuple[Group, ...]:
    """The types that the group at a path of the file may have: one, or several while its kind is not chosen."""
    reached: tuple[Group, ...] = (Manifest,)
    for length, step in enumerate(path, start=1):
        if path[:length] == (_VARIABLES,):
            continue
        inside = (SecretVariable, LiteralVariable) if path[:1] == (_VARIABLES,) else _inside(reached, str(step))
        chosen = tuple(group for group in inside if _is_chosen(root, path[:length], group))
        reached = chosen or inside
    return reached


def fields(of: tuple[Group, ...]) -> dict[str, FieldInfo]:
    """The keys of groups, and the field of each."""
    return {name: field for group in of for name, field in group.model_fields.items()}


def kinds(group: Group) -> tuple[str, ...]:
    """The values that `kind` may have in a group; nothing where it has no such key."""
    return _values(group, "kind")


def _values(group: Group, key: str) -> tuple[str, ...]:
    field = group.model_fields.get(key)
    return get_args(field.annotation) if field else ()


def _is_chosen(root: Node | None, path: Path, group: Group) -> bool:
    """Whether the file names this type: by its `kind`, or by its `target`."""
    words = {key: find(root, (*path, key))[1] for key in ("kind", TAG)}
    return any(isinstance(word, Word) and word.text in _values(group, key) for key, word in words.items())


def _inside(of: tuple[Group, ...], key: str) -> tuple[Group, ...]:
    """The types of the group below a key, which several groups may have."""
    annotations = (group.model_fields[key].annotation for group in of if key in group.model_fields)
    return tuple(dict.fromkeys(inner for annotation in annotations for inner in _groups_in(annotation)))


def _groups_in(annotation: Any) -> Iterator[Group]:
    if get_origin(annotation) is Annotated:
        yield from _groups_in(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _groups_in(one)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _known(of: tuple[Group, ...] = (Manifest,), path: Path = ()) -> Iterator[tuple[Path, tuple[str, ...]]]:
    yield path, tuple(fields(of))
    for name in fields(of):
        if inside := _inside(of, name):
            yield from _known(inside, (*path, name))


KNOWN_KEYS: Final = dict(_known())
"""The keys of every group except the variables, by its path."""
