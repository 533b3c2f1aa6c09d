"""The backend's memory is bounded, and keeps what was touched last."""

from __future__ import annotations

from deployer.local.backend.store import Store


def test_old_threads_make_room() -> None:
    store = Store(characters_at_most=1_000)
    store.register("1", "en")
    first = store.new_thread("1", "first")
    store.add(first, "user", "x" * 600)
    second = store.new_thread("1", "second")
    store.add(second, "user", "y" * 600)
    assert store.thread(first.id, "1") is None
    assert store.last_thread("1") is second
    store.add(first, "assistant", "too late")
    assert store.last_thread("1") is second


def test_a_user_whose_threads_are_gone_has_none() -> None:
    store = Store(characters_at_most=100)
    mine = store.new_thread("1", "mine")
    theirs = store.new_thread("2", "theirs")
    store.add(mine, "user", "a")
    store.add(theirs, "user", "b" * 200)
    assert store.last_thread("1") is None
    assert store.last_thread("2") is theirs
