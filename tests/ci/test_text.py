"""A workflow as YAML reads back as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deployer.ci.actions import CHECKOUT
from deployer.ci.text import yaml_text

KEYS = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=20)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(0, 999), st.sampled_from(["on", "No", "3.10", "a: b", "*x"]))
BLOCKS = st.lists(TEXTS.filter(lambda line: line and not line[0].isspace()), min_size=2).map("\n".join)
VALUES = st.recursive(
    SCALARS | BLOCKS,
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=3)
        | st.lists(SCALARS, max_size=3)
        | st.lists(st.dictionaries(KEYS, inner, min_size=1, max_size=3), min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def plain(value: object) -> object:
    """A text of several lines ends with a line's end."""
    if isinstance(value, str) and "\n" in value:
        return value.rstrip("\n") + "\n"
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@settings(max_examples=60)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
@example({"branches": ["?0"]})
@example({"branches": ["main", ": a", "?"]})
def test_it_reads_back_as_it_was(workflow: dict[str, object]) -> None:
    assert YAML(typ="safe").load(yaml_text(workflow)) == plain(workflow)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a && b || c", "${{ github.token }}", "failure() && x != 'y'", "a: b", "#", "a #b"])
def test_an_expression_is_no_other_yaml(text: str) -> None:
    assert YAML(typ="safe").load(yaml_text({"if": text})) == {"if": text}


def test_the_version_of_an_action_is_a_comment() -> None:
    text = yaml_text({"uses": CHECKOUT})
    assert text == f"uses: {CHECKOUT.name}@{CHECKOUT.commit} # {CHECKOUT.version}\n"
