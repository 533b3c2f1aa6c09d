from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.view.plan_text import COLOURS, RESET
from deployer.view.progress import write
from deployer.view.safe import COLOURS as ALLOWED
from deployer.view.safe import terminal, workflow


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J", "\x1b]0;title\x07", "\r", "\x9b31m", "\u202e", "\u2066", "\u200b", "\u2028", "\x08", "\x7f", "\ufeff"],
)
def test_what_a_terminal_obeys_is_written_out(hostile: str) -> None:
    shown = io.StringIO()
    write(f"a{hostile}b\n", shown)
    assert shown.getvalue().rstrip("\n").isprintable()


def test_letters_of_every_script_and_our_lines_stay() -> None:
    text = "السلام عليكم\n日本語 é 🕌\tx\n"
    assert terminal(text) == text


def test_the_colours_of_a_plan_stay() -> None:
    assert sorted(ALLOWED) == sorted([*COLOURS.values(), RESET])
    text = "".join(f"{colour}x" for colour in ALLOWED)
    assert terminal(text) == text


@given(st.text())
def test_nothing_else_that_controls_comes_through(text: str) -> None:
    shown = terminal(text)
    for colour in ALLOWED:
        shown = shown.replace(colour, "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


@given(st.text())
def test_json_says_the_same(text: str) -> None:
    assert json.loads(terminal(workflow(json.dumps(text, ensure_ascii=False)))) == text


@pytest.mark.parametrize("line", ["::error::x", "  ::set-output name=a::b", "a\n::stop-commands::x", "a ##[group]x"])
def test_no_command_reaches_the_runner(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    shown = io.StringIO()
    write(line, shown)
    assert not re.search(r"^\s*::|##\[", shown.getvalue(), re.MULTILINE)
