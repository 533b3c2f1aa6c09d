"""Edits of a manifest's text: nothing but the lines of the edited variable changes."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deployer.errors import UsageError
from deployer.manifest import edit
from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.unseen import find_unseen
from tests.manifest.conftest import STAGING, WHERE

NAMES = list(parse(STAGING.encode(), WHERE).manifest.variables)
LITERALS = [
    name for name, one in parse(STAGING.encode(), WHERE).manifest.variables.items() if isinstance(one, LiteralVariable)
]
BLOCK = """\
  logging-level:
    kind: literal   # what it is
    # how much is logged
    value: "DEBUG"  # less in production
"""
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: not find_unseen(text)
)
words = st.from_regex(r"[a-zA-Z0-9._/-]{1,12}", fullmatch=True) | st.sampled_from(
    ["true", "no", "0123", "1e5", "12:30", "2026-01-01", "~", "null", "0x1F", "-0", "12345678901234567890", "'", "a: b"]
)


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    found = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return [line[2:] for line in found if line[0] == "-"], [line[2:] for line in found if line[0] == "+"]


def loaded(text: str = STAGING) -> LoadedManifest:
    return parse(text.encode(), WHERE)


@given(st.sampled_from(["origins", "logging-level", "whatsapp-chat-retention-hours"]), values | words)
def test_a_value_is_set_and_its_line_alone_changes(name: str, value: str) -> None:
    before = loaded()
    try:
        after = loaded(edit.set_value(before, name, value))
    except InvalidManifest:
        assume(False)
    variable = after.manifest.variables[name]
    assert isinstance(variable, LiteralVariable)
    assert variable.text == value
    gone, come = changed(STAGING, after.text)
    assert len(gone) == len(come) <= 1
    assert all(f"  {name}: " in line for line in gone + come)
    others = {n: one for n, one in after.manifest.variables.items() if n != name}
    assert others == {n: one for n, one in before.manifest.variables.items() if n != name}


@given(st.sampled_from(LITERALS), st.sampled_from(["\n", "\r\n"]))
def test_setting_it_back_gives_the_same_bytes(name: str, ending: str) -> None:
    text = STAGING.replace("\n", ending)
    before = loaded(text)
    old = before.manifest.variables[name]
    assert isinstance(old, LiteralVariable)
    there = edit.set_value(before, name, "x")
    assert edit.set_value(loaded(there), name, old.text) == text


@given(st.sampled_from(NAMES))
def test_what_is_removed_takes_its_lines_with_it(name: str) -> None:
    before = loaded()
    text = edit.remove(before, name)
    gone, come = changed(STAGING, text)
    assert (len(gone), come) == (1, [])
    assert gone[0].startswith(f"  {name}: ")
    assert list(loaded(text).manifest.variables) == [one for one in NAMES if one != name]


@given(values | words, st.sampled_from([None, "parameter", "service"]), st.none() | values)
def test_a_literal_is_added_at_the_end(value: str, store: str | None, description: str | None) -> None:
    entry = edit.literal(value, store=store, description=description)
    text = edit.add(loaded(), "log-format", entry)
    gone, come = changed(STAGING, text)
    assert (gone, len(come)) == ([], 1)
    try:
        after = loaded(text).manifest.variables["log-format"]
    except InvalidManifest:
        return
    assert isinstance(after, LiteralVariable)
    assert (after.text, after.store, after.description) == (value, store or "parameter", description)


def test_a_secret_is_added() -> None:
    text = edit.add(loaded(), "metrics-token", edit.secret(generate=32, description='for "Prometheus": all of it'))
    after = loaded(text).manifest.variables["metrics-token"]
    assert after == SecretVariable(kind="secret", generate=32, description='for "Prometheus": all of it')


def test_a_variable_in_several_lines_keeps_its_comments() -> None:
    line = next(line for line in STAGING.splitlines(keepends=True) if line.startswith("  logging-level"))
    text = STAGING.replace(line, BLOCK)
    quiet = BLOCK.replace('"DEBUG"', '"INFO"')
    assert edit.set_value(loaded(text), "logging-level", "INFO") == STAGING.replace(line, quiet)
    assert edit.remove(loaded(text), "logging-level") == STAGING.replace(line, "")


def test_brackets_over_several_lines_go_as_a_whole() -> None:
    line = next(line for line in STAGING.splitlines(keepends=True) if line.startswith("  logging-level"))
    spread = "  logging-level: {\n    kind: literal,  # what it is\n    value: DEBUG,\n    }  # the end\n"
    text = STAGING.replace(line, spread)
    assert edit.remove(loaded(text), "logging-level") == STAGING.replace(line, "")


def test_a_file_without_a_last_line_break_gets_one_before_what_is_added() -> None:
    text = edit.add(loaded(STAGING.rstrip("\n")), "lease-seconds", "{kind: literal, value: 30}")
    assert text == STAGING + "  lease-seconds: {kind: literal, value: 30}\n"


def test_what_stands_behind_the_variables_stays_behind_them() -> None:
    head, _, variables = STAGING.partition("variables:\n")
    first, _, rest = head.partition("app: ansari-whatsapp\n")
    text = f"{first}variables:\n{variables}\n# the end\napp: ansari-whatsapp\n{rest}"
    after = edit.add(loaded(text), "lease-seconds", "{kind: literal, value: 30}")
    assert changed(text, after) == ([], ["  lease-seconds: {kind: literal, value: 30}\n"])
    assert "lease-seconds" in loaded(after).manifest.variables


@pytest.mark.parametrize(
    "work",
    [
        lambda one: edit.add(one, "lease-seconds", "{kind: literal, value: 30}"),
        lambda one: edit.remove(one, "logging-level"),
    ],
    ids=["add", "remove"],
)
def test_variables_in_brackets_are_left_to_a_person(work: Callable[[LoadedManifest], str]) -> None:
    head, _, variables = STAGING.partition("variables:\n")
    entries = ", ".join(
        line.strip() for line in variables.splitlines() if line.strip() and not line.strip().startswith("#")
    )
    with pytest.raises(UsageError, match="in braces"):
        work(loaded(f"{head}variables: {{{entries}}}\n"))


def test_a_value_in_several_lines_is_left_to_a_person() -> None:
    text = STAGING.replace('value: "https://staging.ansari.chat"', 'value: "https://staging.\n    ansari.chat"')
    with pytest.raises(UsageError, match="several lines"):
        edit.set_value(loaded(text), "origins", "x")


@pytest.mark.parametrize("word", ["null", "Null", "NULL", "no", "0123"])
def test_a_word_that_is_more_than_its_letters_stands_in_quotes(word: str) -> None:
    after = loaded(edit.set_value(loaded(), "logging-level", word))
    assert f'value: "{word}"' in after.text
    assert after.manifest.variables["logging-level"] == LiteralVariable(kind="literal", value=word)
