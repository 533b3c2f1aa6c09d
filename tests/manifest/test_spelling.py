"""Guesses of what a misspelt word was meant to be."""

from __future__ import annotations

from deployer.manifest.spelling import LONGEST_KEY, close


def test_the_closest_known_word_is_meant() -> None:
    assert close("servce", ["image", "service"]) == "service"
    assert close("kubernetes", ["image", "service"]) is None


def test_a_word_up_to_the_length_of_a_key_is_compared() -> None:
    known = "k" * LONGEST_KEY
    assert close("k" * (LONGEST_KEY - 1) + "x", [known]) == known
    assert close("k" * LONGEST_KEY + "x", [known]) is None
