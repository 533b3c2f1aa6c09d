"""The hashes by which messages and texts are recognised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp.short_hash import LENGTH, derive_key, hash_text


@given(st.text())
def test_it_is_short_and_always_the_same_for_a_key(text: str) -> None:
    key, other = derive_key("an app secret"), derive_key("another app secret")
    assert len(hash_text(key, text)) == LENGTH
    assert hash_text(key, text) == hash_text(derive_key("an app secret"), text)
    assert hash_text(key, text) != hash_text(other, text)


def test_the_key_does_not_show_the_secret() -> None:
    assert b"an app secret" not in derive_key("an app secret")


def test_texts_of_an_hour_do_not_collide() -> None:
    key = derive_key("an app secret")
    assert len({hash_text(key, f"question {number}") for number in range(10_000)}) == 10_000


def test_half_a_surrogate_pair_is_hashed() -> None:
    assert len(hash_text(b"k", "\ud83d")) == LENGTH
