"""YAML as a tree with positions: read quickly where that is safe, and always the same."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from deployer.manifest import syntax, tree

PIECES = (
    *("a", "b: ", "key", "- ", "{", "}", "[", "]", ", ", ",", ": ", ":", "\n", "\n  ", "\n    ", "'", '"', "|", "|-"),
    *(">", "#", " # c", "&x ", "*x", "!t ", "!!str ", "<<", "? ", "---\n", "...\n", "%YAML 1.2\n", "0123", "true"),
    *("~", "\t", "\r\n", "\\n", "\\u00e9", "é", "نص", "😀", "http://x:1/y", "@", "`", "=", "12:30", "''", '""', "\\"),
    *("...", "---", "...\n...\n", "\x85", "\u2028", "\u2029", "\ufeff", "\r", "? a\n: b\n", "a: b\n", "b:\n  "),
)
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
PLACES = st.sampled_from(("{}", "a: {}\nb: 1\n", "a:\n  k: {{v: {}}}\n", "- {}\n- x\n"))


@given(TEXTS, PLACES)
@settings(max_examples=1500)
@example("x\t- y", "a: {}\nb: 1\n")
@example("|-#}~", "a: {}\nb: 1\n")
@example("a\n...\n...\n", "{}")
@example("\x85 x", "a: {}\nb: 1\n")
@example("\u2028x", "- {}\n- x\n")
@example("\n\ufeff", "- {}\n- x\n")
@example(" ", "a:\n  k: {{v: {}}}\n")
def test_the_quick_way_reads_what_the_slow_one_reads(text: str, place: str) -> None:
    whole = place.format(text)
    quick, slow = syntax.parse(whole), syntax.parse_in_python(whole)

    assert _all_of(quick.root) == _all_of(slow.root)
    assert quick[1:] == slow[1:]


def _all_of(node: tree.Node | None) -> object:
    """Everything that a tree holds, to be compared."""
    if isinstance(node, tree.Group):
        entries = [(key, _all_of(value)) for key, value in node.entries]
        first = {key: word for key, (word, _) in node.first.items()}
        return "group", node.start, node.end, entries, first, node.waiting
    if isinstance(node, tree.Items):
        return "items", node.start, node.end, [_all_of(item) for item in node.nodes]
    return node


def test_a_good_text() -> None:
    text = "app: x  # a comment\nitems: [1, two]\nmore: {kind: 'literal', value: \"é\"}\n"

    assert syntax.parse(text).root is not None
    assert tree.data(syntax.parse(text).root) == {
        "app": "x",
        "items": [1, "two"],
        "more": {"kind": "literal", "value": "é"},
    }
