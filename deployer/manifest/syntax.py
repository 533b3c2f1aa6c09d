"""Parse YAML text to a tree with the position of each word, and report what the manifest format does not allow.

The tree is built from the parser's events, not its constructor: so every duplicate key, tag and quote is seen, and a
broken file still yields what comes before the error.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from deployer.manifest.problem import Finding, Position
from deployer.manifest.tree import Group, Items, Node, Word
from deployer.manifest.unseen import find_unseen

DEEPEST: Final = 10


class Tree(NamedTuple):
    """What could be read. `broken` is the finding that ended the reading early, if one did."""

    root: Node | None
    findings: tuple[Finding, ...]
    broken: Finding | None = None


class _TooDeep(Exception):
    pass


def parse(text: str) -> Tree:
    """Read YAML text. Never raises: every problem is among the findings."""
    builder = _Builder()
    broken: Finding | None = None
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except MarkedYAMLError as error:
        broken = _syntax(error)
    except _TooDeep:
        broken = Finding(builder.last, "this is nested too deeply", fix="a manifest has at most four levels")
    except (YAMLError, ValueError, OverflowError, IndexError, AttributeError, TypeError, AssertionError):
        # The parser has defects of its own on hostile input; the position it reached is the best hint.
        broken = Finding(builder.last, "YAML cannot read this", fix="put the value in quotes")
    findings = builder.findings if broken is None else [*builder.findings, broken]
    return Tree(builder.root, tuple(findings), broken)


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.last = Position(1, 1)
        self._open: list[Group | Items] = []
        self._bracketed: list[bool] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        start = _position(event.start_mark)
        self.last = start
        if isinstance(event, ScalarEvent):
            opaque = self._refuse_extras(event, start)
            if event.style == '"':
                opaque |= self._refuse_unseen(event.value, start)
            self._add(Word(start, _position(event.end_mark), event.value, not event.style, opaque))
        elif isinstance(event, CollectionEndEvent):
            self._close(_position(event.end_mark))
        elif isinstance(event, DocumentStartEvent):
            self._document(event, start)
        elif isinstance(event, AliasEvent):
            self._report(
                start, "an alias (*) is not allowed here", "each entry has its own value", "write the value out"
            )
            self._add(Word(start, _position(event.end_mark), "", plain=False, opaque=True))
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            self._refuse_extras(event, start)
            node = Group(start) if isinstance(event, MappingStartEvent) else Items(start)
            self._add(node)
            self._open.append(node)
            self._bracketed.append(bool(event.flow_style))
            if len(self._open) > DEEPEST:
                raise _TooDeep

    def _close(self, end: Position) -> None:
        node = self._open.pop()
        if self._bracketed.pop():
            node.end = end

    def _document(self, event: DocumentStartEvent, start: Position) -> None:
        self._documents += 1
        if event.version or event.tags:
            self._report(start, "a YAML directive (%) is not allowed here", "", "delete it")
        if self._documents > 1:
            self._report(start, "a second document starts here", "one file is one manifest", "delete the '---'")

    def _refuse_extras(self, event: Any, start: Position) -> bool:
        if event.anchor is not None:
            self._report(start, "an anchor (&) is not allowed here", "each entry has its own value", "delete it")
        if event.tag is not None:
            self._report(
                start, "a tag (!) is not allowed here", "kinds are not chosen by tags", "delete it, or use quotes"
            )
        return event.anchor is not None or event.tag is not None

    def _refuse_unseen(self, text: str, start: Position) -> bool:
        """Refuse an escape such as "\0" in double quotes, which makes a character that the file may not hold."""
        unseen = find_unseen(text)
        if unseen:
            what = f"an escape here makes a character that cannot be seen: U+{ord(unseen[0].group()):04X}"
            self._report(start, what, "", "leave the escape out")
        return bool(unseen)

    def _add(self, node: Node) -> None:
        if not self._open:
            if self._documents <= 1:
                self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.nodes.append(node)
        elif parent.waiting is None:
            parent.waiting = self._key(node)
        else:
            key, parent.waiting = parent.waiting, None
            self._enter(parent, key, node)

    def _key(self, node: Node) -> Word:
        if isinstance(node, Word):
            return node
        self._report(node.start, "a key has to be a single word", "", "write it as `key: value`")
        return Word(node.start, node.start, "", plain=False, opaque=True)

    def _enter(self, group: Group, key: Word, node: Node) -> None:
        if key.opaque:
            return
        if key.plain and key.text == "<<":
            self._report(
                key.start, "a merge key (<<) is not allowed here", "environment files are independent", "write it out"
            )
            return
        group.entries.append((key, node))
        earlier = group.first.setdefault(key.text, (key, node))[0]
        if earlier is not key:
            self._report(
                key.start,
                "this key is repeated",
                f"the first is on line {earlier.start.line}; only one of them can be meant",
                "delete one of them",
            )

    def _report(self, at: Position, what: str, why: str, fix: str) -> None:
        self.findings.append(Finding(at, what, why, fix))


# Part of the parser's message -> what happened and the fix. Its own messages may repeat the text, so they are
# never passed on.
_SYNTAX: Final = (
    ("'\\t'", "a tab is not allowed here", "use spaces"),
    ("cannot start any token", "a value cannot start with this character", "put the value in quotes"),
    ("mapping values are not allowed", "a ':' is not expected here", "check the indentation, or quote the value"),
    ("could not find expected ':'", "this line has no ':' after its key", "write it as `key: value`"),
    ("expected ',' or", "a ',' or a closing bracket is missing before this", "check the brackets and commas"),
    ("end of stream", "this is never closed", "add the closing quote or bracket"),
    ("expected key", "the indentation does not fit the lines above", "align this line with the lines around it"),
    ("expected node content", "a value or a closing bracket is missing here", "check the brackets and commas"),
    ("Unicode character escape", "an escape here makes a character that cannot be seen", "leave the escape out"),
    ("escape", "a backslash in double quotes has no meaning here", "write \\\\, or use single quotes"),
    ("document", "there is text after the end of the document", "delete it"),
)


def _syntax(error: MarkedYAMLError) -> Finding:
    problem = str(error.problem or "")
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    if mark and opened and ("stream" in problem or ("expected ',' or" in problem and opened.line < mark.line)):
        mark, problem = opened, "end of stream"
    what, fix = next(
        ((what, fix) for part, what, fix in _SYNTAX if part in problem),
        ("YAML cannot read this", "put the value in quotes"),
    )
    return Finding(_position(mark) if mark else Position(1, 1), what, "this is not valid YAML", fix)


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)
