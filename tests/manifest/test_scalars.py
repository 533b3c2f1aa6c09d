"""Unquoted words are taken as they are written, or refused with the quoted form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable
from deployer.manifest.problem import Problem
from deployer.manifest.scalars import bent, read_plain


@pytest.mark.parametrize(
    "word",
    [
        "0123", "00", "0x1f", "0X1F", "0o17", "0b101", "1_000", "1_0.5", "2026-01-01", "2026-1-1",
        "2026-01-01T10:00:00Z", "2026-01-01 10:00:00", "1.5", ".5", "1.", "-1.5", "1e5", "1.5e-3", "12:30",
        "12:30:45", "1:30.5", ".inf", "-.INF", ".nan", "+1", "-0", "yes", "No", "ON", "off", "y", "N", "True",
        "FALSE", "=", "1234567890123456", "123456789012345678901234567890",
    ],
)  # fmt: skip
def test_a_word_that_readers_bend_is_refused_with_its_quoted_form(
    refused: Callable[..., tuple[Problem, ...]], read: Callable[..., LoadedManifest], word: str
) -> None:
    (problem,) = refused(("value: DEBUG", f"value: {word}"))

    assert problem.what == "variables.logging-level.value is not taken as it is written"
    assert f'write "{word}"' in problem.fix
    assert problem.source[problem.caret :].startswith(word)
    assert read(("value: DEBUG", f'value: "{word}"')).manifest.variables["logging-level"] == LiteralVariable(
        kind="literal", value=word
    )


def test_a_name_that_readers_bend_is_refused_without_its_quotes_only(
    refused: Callable[..., tuple[Problem, ...]], read: Callable[..., LoadedManifest]
) -> None:
    (problem,) = refused(("  origins:", "  on:"))
    assert problem.what == "variables.on is not taken as it is written"
    assert "on" in read(("  origins:", '  "on":')).manifest.variables
    (other,) = refused(("  origins:", '  "on":'), ("keep: 30", "kep: 30"))
    assert other.what == "there is no key kep in image"


@pytest.mark.parametrize("word", ["null", "~", "Null", "NULL", ""])
def test_nothing_is_refused(refused: Callable[..., tuple[Problem, ...]], word: str) -> None:
    (problem,) = refused(("value: DEBUG", f"value: {word}"))

    assert problem.what == "variables.logging-level.value is empty"


@pytest.mark.parametrize(
    ("written", "value", "text"),
    [
        ("true", True, "true"),
        ("false", False, "false"),
        ("0", 0, "0"),
        ("-7", -7, "-7"),
        ("86400", 86400, "86400"),
        ("123456789012345", 123456789012345, "123456789012345"),
        ('"true"', "true", "true"),
        ('"007"', "007", "007"),
        ("'it''s'", "it's", "it's"),
        ("v26.0", "v26.0", "v26.0"),
        ("1.2.3", "1.2.3", "1.2.3"),
        ("12:99", "12:99", "12:99"),
        ("INFO", "INFO", "INFO"),
        ("nothing", "nothing", "nothing"),
        ('"سلام"', "سلام", "سلام"),
    ],
)
def test_a_value_is_taken_as_it_is_written(
    read: Callable[..., LoadedManifest], written: str, value: object, text: str
) -> None:
    literal = read(("value: DEBUG", f"value: {written}")).manifest.variables["logging-level"]

    assert isinstance(literal, LiteralVariable)
    assert literal.value == value
    assert type(literal.value) is type(value)
    assert literal.text == text


def test_a_block_of_text_is_taken_whole(read: Callable[..., LoadedManifest]) -> None:
    literal = read(
        ("{kind: literal, value: DEBUG}", "\n    kind: literal\n    value: |\n      one\n      two\n")
    ).manifest.variables["logging-level"]

    assert isinstance(literal, LiteralVariable)
    assert literal.text == "one\ntwo\n"


@given(st.from_regex(r"[-+0-9.eExobaf_:~=yYnNoOsSrRuUtTlLiI]{1,12}", fullmatch=True))
def test_whatever_other_readers_do_not_take_as_text_is_not_taken_as_text_here(word: str) -> None:
    """Against both rule sets of YAML, in an implementation of its own."""
    if bent(word) or word.startswith(("- ", ": ", "? ")) or word in {"-", ":", "?", "--", "---", "..."}:
        return
    for version in ("1.1", "1.2"):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        try:
            theirs = yaml.load(f"[{word}]")
        except Exception:  # noqa: BLE001 -- a word that is no YAML at all never gets as far as its meaning
            return
        if isinstance(theirs[0], dict):
            return
        assert theirs == [read_plain(word)]
        assert type(theirs[0]) is type(read_plain(word))
