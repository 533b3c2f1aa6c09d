"""The sample answers: the right one for a question, always the same, streamed without a change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local.backend.answers import CITATIONS, ECHO_AT_MOST, PREAMBLE, answer_to


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("What is Ansari?", "# What is Ansari?"),
        ("what is ansari", "# What is Ansari?"),
        ("How do I pray on a journey?", "# Your question\n\nYou asked: *How do I pray on a journey?*"),
        ("ما حكم الصيام في السفر؟", "# سؤالك\n\nسألت: *ما حكم الصيام في السفر؟*"),
        ("a long answer please", "# Patience and gratitude"),
    ],
)
def test_each_question_finds_its_sample(question: str, beginning: str) -> None:
    assert answer_to(question).text.startswith(beginning)


def test_the_long_answer_needs_more_than_one_message() -> None:
    assert 5_000 < len(answer_to("long").text) < 5_900


@given(st.text(max_size=400), st.booleans())
def test_deltas_together_are_the_answer(question: str, rounds: bool) -> None:
    answer = answer_to(question, rounds=rounds)
    assert "".join(answer.deltas) == answer.preamble + answer.text
    assert answer.preamble == (PREAMBLE if rounds else "")
    assert answer.deltas[-1].startswith(CITATIONS)
    assert answer == answer_to(question, rounds=rounds)


@given(st.text(max_size=1000))
def test_the_question_brings_no_markup_and_little_length(question: str) -> None:
    text = answer_to(question).text
    assert len(text) < 6_000 + ECHO_AT_MOST
    assert "{question}" not in text


def test_a_citation_is_a_delta_of_its_own() -> None:
    assert " [1] " in answer_to("What is Ansari?").deltas


@given(st.integers(1, 50_000), st.booleans())
def test_an_answer_can_have_any_length(characters: int, rounds: bool) -> None:
    answer = answer_to("travel", rounds=rounds, characters=characters)
    assert len("".join(answer.deltas)) == max(characters, len(answer.preamble))
