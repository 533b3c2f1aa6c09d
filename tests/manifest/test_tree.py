"""YAML as a tree with positions."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from deployer.manifest import syntax, tree
from deployer.manifest.source import split_lines
from deployer.manifest.unseen import with_marks

PIECES = (
    *("a", "b: ", "key", "- ", "{", "}", "[", "]", ", ", ",", ": ", ":", "\n", "\n  ", "\n    ", "'", '"', "|", "|-"),
    *(">", "#", " # c", "&x ", "*x", "!t ", "!!str ", "<<", "? ", "---\n", "...\n", "%YAML 1.2\n", "0123", "true"),
    *("~", "\t", "\r\n", "\\n", "\\u00e9", "é", "نص", "😀", "http://x:1/y", "@", "`", "=", "12:30", "''", '""', "\\"),
    *("...", "---", "...\n...\n", "\x85", "\u2028", "\u2029", "\ufeff", "\r", "? a\n: b\n", "a: b\n", "b:\n  "),
)
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
PLACES = st.sampled_from(("{}", "a: {}\nb: 1\n", "a:\n  k: {{v: {}}}\n", "- {}\n- x\n"))


@given(TEXTS, PLACES)
@settings(max_examples=500)
@example("x\t- y", "a: {}\nb: 1\n")
@example("a\n...\n...\n", "{}")
@example("\u2028x", "- {}\n- x\n")
@example(" ", "a:\n  k: {{v: {}}}\n")
def test_an_unquoted_word_stands_where_the_tree_says(text: str, place: str) -> None:
    whole = with_marks(place.format(text))
    lines = split_lines(whole)

    for _, word in tree.words(syntax.parse(whole).root):
        if word.plain and word.text and word.start.line == word.end.line and not word.opaque:
            assert lines[word.start.line - 1][word.start.col - 1 : word.end.col - 1] == word.text


def test_a_good_text() -> None:
    text = "app: x  # a comment\nitems: [1, two]\nmore: {kind: 'literal', value: \"é\"}\n"

    assert syntax.parse(text).root is not None
    assert tree.data(syntax.parse(text).root) == {
        "app": "x",
        "items": [1, "two"],
        "more": {"kind": "literal", "value": "é"},
    }
