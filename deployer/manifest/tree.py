"""A YAML file as a tree of its words with the position of each, and functions to find them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from deployer.manifest.problem import Position
from deployer.manifest.scalars import Scalar, read_plain

Path = tuple[str | int, ...]


class Word(NamedTuple):
    """A scalar. `plain` means that it has no quotes; `end` is the position just after it.

    An `opaque` word is an alias, or has a tag or an anchor: it is already reported, and has no value.
    """

    start: Position
    end: Position
    text: str
    plain: bool
    opaque: bool = False

    @property
    def value(self) -> Scalar:
        return read_plain(self.text) if self.plain else self.text


class Group:
    """A mapping: every entry in the order of the file, those with a repeated key too.

    `end` is the position just after its closing bracket; None when it has no brackets.
    """

    __slots__ = ("end", "entries", "first", "start", "waiting")

    def __init__(self, start: Position) -> None:
        self.start = start
        self.end: Position | None = None
        self.entries: list[tuple[Word, Node]] = []
        self.first: dict[str, tuple[Word, Node]] = {}
        self.waiting: Word | None = None  # a key that has no value yet


class Items:
    """A sequence; `end` as for a mapping."""

    __slots__ = ("end", "nodes", "start")

    def __init__(self, start: Position) -> None:
        self.start = start
        self.end: Position | None = None
        self.nodes: list[Node] = []


Node = Word | Group | Items


def data(node: Node | None) -> Any:
    """The tree as plain dicts, lists and scalars; of a repeated key, the first counts."""
    if isinstance(node, Group):
        return {key: data(value) for key, (_, value) in node.first.items()}
    if isinstance(node, Items):
        return [data(item) for item in node.nodes]
    return None if node is None or node.opaque else node.value


def find(root: Node | None, path: Path) -> tuple[Word | None, Node | None]:
    """The key and the node at a path; (None, None) where the file has nothing. A sequence's items have no key."""
    key: Word | None = None
    node = root
    for step in path:
        if isinstance(node, Group) and step in node.first:
            key, node = node.first[str(step)]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.nodes):
            key, node = None, node.nodes[step]
        else:
            return None, None
    return key, node


def where(root: Node | None, path: Path) -> Position:
    """The position of a path's key, or of the nearest group around it that the file has."""
    for length in range(len(path), 0, -1):
        key, node = find(root, path[:length])
        if node is not None:
            return key.start if key else node.start
    return root.start if root else Position(1, 1)


def last_line(node: Node) -> int:
    """The last line that holds a part of a node."""
    if isinstance(node, Word):
        return node.end.line
    inside = [value for _, value in node.entries] if isinstance(node, Group) else node.nodes
    return max([node.start.line, *([node.end.line] if node.end else []), *map(last_line, inside)])


def words(node: Node | None, path: Path = ()) -> Iterator[tuple[Path, Word]]:
    """Every scalar that is a value, with its path; of a repeated key, the first counts."""
    if isinstance(node, Word):
        yield path, node
    elif isinstance(node, Group):
        for key, (_, value) in node.first.items():
            yield from words(value, (*path, key))
    elif isinstance(node, Items):
        for index, item in enumerate(node.nodes):
            yield from words(item, (*path, index))
