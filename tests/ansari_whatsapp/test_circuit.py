"""Whose trouble a failure is, and how long everybody waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp.circuit import REFUSED_FOR, Circuit
from ansari_whatsapp.clocks import Clocks

CLOCKS = Clocks(first_retry=1.0, longest_retry=64.0, pause=30.0, busy=60.0, longest_busy=900.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def circuit() -> tuple[Circuit, Clock]:
    clock = Clock()
    return Circuit(CLOCKS, clock), clock


def test_it_is_closed_at_first() -> None:
    made, _ = circuit()
    assert (made.paused, made.left, made.arrived_since(0.0)) == (False, 0.0, False)


def test_an_arrival_tells_whose_trouble_it_is() -> None:
    made, clock = circuit()
    made.arrived()
    assert made.arrived_since(clock.now - 1)
    assert not made.arrived_since(clock.now)


def test_the_wait_grows_for_all_together_until_something_arrives() -> None:
    made, clock = circuit()
    waits = []
    for _ in range(8):
        waits.append(made.failed())
        assert made.failed() == waits[-1]  # another one that fails meanwhile
        clock.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 64]
    made.arrived()
    assert made.failed() == 1


def test_a_refused_token_pauses_everybody() -> None:
    made, clock = circuit()
    made.pause()
    assert (made.paused, made.left) == (True, 30.0)
    clock.now += 30
    assert (made.paused, made.left) == (False, 0.0)


def test_too_many_messages_a_second_hold_for_a_moment() -> None:
    made, clock = circuit()
    made.hold()
    assert (made.paused, made.left) == (False, 1.0)
    clock.now += 1
    assert made.left == 0.0


def test_too_many_calls_hold_for_minutes_and_longer_each_time() -> None:
    made, clock = circuit()
    held = []
    for _ in range(6):
        made.hold_long()
        made.hold_long()  # of another message, at the same time
        held.append(made.left)
        clock.now += made.left
    assert held == [60, 120, 240, 480, 900, 900]
    made.arrived()
    made.hold_long()
    assert made.left == 60
    assert not made.paused


@given(st.lists(st.sampled_from(["arrived", "failed", "pause", "hold", "hold_long", "pass"]), max_size=40))
def test_it_always_closes_again(events: list[str]) -> None:
    made, clock = circuit()
    for event in events:
        clock.now += 1
        if event != "pass":
            getattr(made, event)()
        assert 0 <= made.left <= CLOCKS.longest_busy
    clock.now += CLOCKS.longest_busy
    assert (made.paused, made.left) == (False, 0.0)


def test_a_refusal_is_remembered_until_a_message_is_taken() -> None:
    made, clock = circuit()
    assert made.refused == ""
    made.pause("meta_token")
    clock.now += CLOCKS.pause + 1
    assert (made.paused, made.refused) == (False, "meta_token")  # the next try is yet to come
    made.arrived()
    assert made.refused == ""
    made.pause("meta_account")
    clock.now += CLOCKS.pause + REFUSED_FOR
    assert made.refused == ""
