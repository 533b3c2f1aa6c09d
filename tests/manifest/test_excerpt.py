"""What is shown of a line with a problem, and where its caret is: also at a word of no width, and beside the text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deployer.manifest.excerpt import WIDEST, Excerpts
from deployer.manifest.problem import Finding, Position, Problem
from deployer.manifest.syntax import parse
from deployer.manifest.tree import Path

Refused = Callable[..., tuple[Problem, ...]]

KNOWN: dict[Path, tuple[str, ...]] = {(): ("app", "variables", "image"), ("image",): ("keep",)}


def problem(text: str, line: int, col: int) -> Problem:
    excerpts = Excerpts("staging.yaml", text.split("\n"), parse(text).root, KNOWN)
    return excerpts.problem(Finding(Position(line, col), "what"))


def shown(text: str, line: int, col: int) -> tuple[str, int]:
    found = problem(text, line, col)
    return found.source, found.caret


@pytest.mark.parametrize(
    ("text", "line", "col", "source", "caret"),
    [
        ("app:\nx: 1", 1, 5, "app:", 4),
        ("image: {keep: , b: c}", 1, 15, "image: {keep: , b: ***}", 14),
        ("image: {keep: '', b: c}", 1, 15, "image: {keep: '', b: ***}", 14),
        ("variables:\n  a: {kind: secret, value: }", 2, 26, "  a: {kind: secret, value: }", 25),
        ("variables:\n  a: {kind: secret, value: , b: abc}", 2, 3, "  a: {kind: secret, value: , ***: ***}", 2),
    ],
)
def test_a_value_of_no_width_hides_nothing_and_is_not_shown_as_hidden(
    text: str, line: int, col: int, source: str, caret: int
) -> None:
    assert shown(text, line, col) == (source, caret)


@pytest.mark.parametrize(
    ("text", "line", "col", "source", "caret"),
    [
        ("", 1, 1, "", 0),
        ("", 2, 1, "", 0),
        ("app: x", 2, 1, "", 0),
        ("app: x", 1, 99, "app: x", 6),
        ("other: 'a b'", 1, 1, "other: ***", 0),
        ("other: abc", 1, 8, "other: ***", 7),
        ("other: abc", 1, 10, "other: ***", 9),
        ("other: abc   # said", 1, 8, "other: ***", 7),
        ("other: {keep: '', b: c}", 1, 15, "other: {***: ***, ***: ***}", 13),
        ("other: |\n  one\n  two\nx: y", 2, 1, "***", 0),
        ("app: |\n  one\n  two\nx: y", 3, 3, "***", 2),
        ("- a#b", 1, 1, "- ***", 0),
        ("other: 'a", 1, 1, "*** ***", 0),
    ],
)
def test_the_caret_stays_in_what_is_shown(text: str, line: int, col: int, source: str, caret: int) -> None:
    assert shown(text, line, col) == (source, caret)


@pytest.mark.parametrize("at", [1, 61, 62, 120, 121, 180, 200])
def test_a_long_line_is_cut_around_the_caret(at: int) -> None:
    line = "app: " + "x" * (at - 6) + "y" + "x" * (200 - at) if at > 5 else "app: " + "x" * 195
    found = problem(line, 1, at)

    assert len(line) == 200
    assert found.source == line[max(0, at - 1 - WIDEST // 2) :][:WIDEST]
    assert found.source[found.caret] == line[at - 1]


@pytest.mark.parametrize("width", [WIDEST - 1, WIDEST])
def test_a_line_of_the_widest_width_is_whole(width: int) -> None:
    line = "app: " + "x" * (width - 5)

    assert shown(line, 1, width) == (line, width - 1)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("app: ansari-whatsapp\n", "app: ansari-whatsapp\nbananas: 1\n", "there is no key bananas in a manifest"),
        ("  port: 8001", "  port: 8001\n  bananas: 1", "there is no key bananas in service"),
    ],
)
def test_an_unknown_key_names_its_group(refused: Refused, old: str, new: str, what: str) -> None:
    assert [problem.what for problem in refused((old, new))] == [what]
