"""Characters that nobody sees, found at their places."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.manifest.unseen import find_unseen, with_marks

HIDDEN = "\x00\x0b\x1b\x7f\x85\u200b\u2028\u202e\u2066\ufeff\ufffc\ufffd\uffff\ud800"
SEEN = "a \n\t\r\u00a0\u200c\u200d\u0627\u064e\U0001f600\u0378"


@pytest.mark.parametrize("character", HIDDEN)
def test_each_is_found(character: str) -> None:
    (found,) = find_unseen(f"a{character}b")
    assert found.span() == (1, 2)
    assert with_marks(f"a{character}b") == "a?b"


@pytest.mark.parametrize("character", SEEN)
def test_what_is_seen_or_joins_letters_stays(character: str) -> None:
    assert find_unseen(character) == ()
    assert with_marks(character) == character


@given(st.text() | st.text(st.sampled_from(HIDDEN + SEEN)))
def test_a_text_is_judged_character_by_character(text: str) -> None:
    places = [place for place, character in enumerate(text) if find_unseen(character)]
    assert [match.start() for match in find_unseen(text)] == places
    assert not find_unseen(with_marks(text))


@given(st.characters(categories=["Cc"]))
def test_of_the_control_characters_only_tabs_and_line_ends_are_seen(character: str) -> None:
    assert unicodedata.category(character) == "Cc"
    assert bool(find_unseen(character)) == (character not in "\t\n\r")
