"""The hashes by which messages and texts are recognised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp.short_hash import LENGTH, derive_key, short_hash


@given(st.text())
def test_it_is_short_and_always_the_same_for_a_key(text: str) -> None:
    key, other = derive_key("an app secret"), derive_key("another app secret")
    assert len(short_hash(key, text)) == LENGTH
    assert short_hash(key, text) == short_hash(derive_key("an app secret"), text)
    assert short_hash(key, text) != short_hash(other, text)


def test_the_key_does_not_show_the_secret() -> None:
    assert b"an app secret" not in derive_key("an app secret")


def test_texts_of_an_hour_do_not_collide() -> None:
    key = derive_key("an app secret")
    assert len({short_hash(key, f"question {number}") for number in range(10_000)}) == 10_000


def test_half_a_surrogate_pair_is_hashed() -> None:
    assert len(short_hash(b"k", "\ud83d")) == LENGTH
