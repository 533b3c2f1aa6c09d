"""The part of a manifest's line that may be shown: known words and literals, `***` for everything else.

A manifest should hold no secret, but a secret that is pasted into it would be printed with its problems. So a word is
hidden unless there is a reason to show it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Final

from deployer.manifest.credentials import credential_in, is_telling
from deployer.manifest.problem import Finding, Problem
from deployer.manifest.spelling import LONGEST_KEY, close
from deployer.manifest.tree import Group, Items, Node, Path, Word

HIDDEN: Final = "***"
WIDEST: Final = 120
VARIABLE_KEYS: Final = ("kind", "value", "store", "description", "generate", "source", "extra")
_VARIABLE_WORDS: Final = ("secret", "literal", "parameter", "service", "local-world")
_STRUCTURE: Final = r"[\s{}\[\],:?'\"|>-]*"


def harmless(key: str) -> bool:
    """Whether a key may be repeated in a message: it is short, of simple characters, and not like a credential."""
    return bool(re.fullmatch(rf"[A-Za-z0-9_.-]{{1,{LONGEST_KEY}}}", key)) and credential_in(key, name="key") is None


def label(path: Path) -> str:
    """`service.port` for a message, without what may not be repeated."""
    return ".".join(str(step) if harmless(str(step)) else HIDDEN for step in path)


class Excerpts:
    """Add to findings what may be shown of their lines, which makes them problems.

    `known` has the keys of the format by the path of their group; `closed` names variables of which only the name is
    shown.
    """

    def __init__(
        self,
        file: str,
        lines: list[str],
        root: Node | None,
        known: Mapping[Path, Collection[str]],
        closed: Collection[str] = (),
    ) -> None:
        self._file, self._lines, self._known, self._closed = file, lines, known, closed
        self._root = root
        self._shown: dict[int, tuple[str, list[tuple[int, int]]]] = {}

    @cached_property
    def _visible(self) -> set[int]:
        return set(map(id, self._section(self._root, ())))

    @cached_property
    def _spans(self) -> dict[int, list[tuple[int, int, bool]]]:
        """Which columns of which line each word covers, and whether it may be shown."""
        spans: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
        for word in _all_words(self._root):
            (first, start), (last, end) = word.start, word.end
            for line in range(first, last + 1):
                begin = start - 1 if line == first else 0
                stop = end - 1 if line == last else len(self._lines[line - 1])
                spans[line].append((begin, stop, first == last and self.shows(word)))
        return spans

    def shows(self, word: Word) -> bool:
        """Whether this word may be repeated in a message."""
        return id(word) in self._visible

    def problem(self, finding: Finding) -> Problem:
        """The finding with its line, cut to a readable width around the caret."""
        line, col = finding.position
        source, caret = self._line(line, col)
        start = max(0, caret - WIDEST // 2) if len(source) > WIDEST else 0
        return Problem(
            file=self._file,
            line=line,
            col=col,
            what=finding.what,
            why=finding.why,
            fix=finding.fix,
            source=source[start : start + WIDEST],
            caret=caret - start,
        )

    def _section(self, node: Node | None, path: Path) -> Iterator[Word]:
        """The visible words of everything except the variables."""
        if isinstance(node, Word):
            expected = path not in self._known  # a word instead of a group may be anything
            if expected and not node.opaque and credential_in(node.text, name=str(path[-1])) is None:
                yield node
        elif isinstance(node, Items):
            for item in node.nodes:
                yield from self._section(item, path)
        elif isinstance(node, Group):
            known = self._known.get(path, ())
            for key, value in node.entries:
                if harmless(key.text):
                    yield key
                if path == () and key.text == "variables":
                    yield from self._variables(value)
                elif key.text in known:
                    yield from self._section(value, (*path, key.text))

    def _variables(self, node: Node) -> Iterator[Word]:
        if not isinstance(node, Group):
            return
        secret = {name.text for name, variable in node.entries if not _is_literal(variable)}
        for name, variable in node.entries:
            if harmless(name.text):
                yield name
            if not isinstance(variable, Group):
                continue
            hidden = name.text in secret or is_telling(name.text) or name.text in self._closed
            for key, value in variable.entries:
                if close(key.text, VARIABLE_KEYS):
                    yield key
                if isinstance(value, Word) and _may_show(key.text, value, hidden=hidden):
                    yield value

    def _line(self, line: int, col: int) -> tuple[str, int]:
        """What may be shown of a line, and the position of a column in it."""
        if line > len(self._lines):
            return "", 0
        if line not in self._shown:
            self._shown[line] = _masked(self._lines[line - 1], self._spans.get(line, []))
        source, moved = self._shown[line]
        at = bisect_right(moved, col - 1, key=itemgetter(0)) - 1
        if at < 0:
            return source, 0
        begin, shown = moved[at]
        end = moved[at + 1][1] - 1 if at + 1 < len(moved) else len(source)
        return source, min(shown + col - 1 - begin, end)


def _all_words(node: Node | None) -> Iterator[Word]:
    if isinstance(node, Word):
        yield node
    elif isinstance(node, Group):
        for key, value in node.entries:
            yield key
            yield from _all_words(value)
    elif isinstance(node, Items):
        for item in node.nodes:
            yield from _all_words(item)


def _may_show(key: str, word: Word, *, hidden: bool) -> bool:
    if word.opaque:
        return False
    if key in {"kind", "store", "source"}:
        return close(word.text, _VARIABLE_WORDS) is not None
    if key == "extra":
        return word.text in {"true", "false"}
    if key == "generate":
        return bool(re.fullmatch(r"-?[0-9]{1,6}", word.text))
    if key == "description":
        return credential_in(word.text, name="key") is None
    return key == "value" and not hidden and credential_in(word.text) is None


def _is_literal(variable: Node) -> bool:
    if not isinstance(variable, Group):
        return False
    kinds = [value for key, value in variable.entries if key.text == "kind"]
    return bool(kinds) and all(isinstance(kind, Word) and kind.text == "literal" for kind in kinds)


def _masked(line: str, spans: list[tuple[int, int, bool]]) -> tuple[str, list[tuple[int, int]]]:
    """The line with hidden parts replaced, and the new position of each part: (column, column in the result)."""
    parts: list[str] = []
    moved: list[tuple[int, int]] = []
    length = at = 0

    def put(begin: int, text: str) -> None:
        nonlocal length
        if text == HIDDEN and parts and parts[-1] == HIDDEN:
            return
        moved.append((begin, length))
        parts.append(text)
        length += len(text)

    for begin, end, visible in [*sorted(spans), (len(line), len(line), True)]:
        for match in re.finditer(r"\s+|\S+", line[at:begin]):
            run = match.group()
            if run.startswith("#") and (at + match.start() == 0 or line[at + match.start() - 1].isspace()):
                return "".join(parts).rstrip(), moved
            put(at + match.start(), run if re.fullmatch(_STRUCTURE, run) else HIDDEN)
        if begin < end:
            put(begin, line[begin:end] if visible else HIDDEN)
        at = max(at, end)
    return "".join(parts).rstrip(), moved
