"""The limit for each user."""

from __future__ import annotations

from ansari_whatsapp.guard import USERS_AT_MOST, LoopGuard
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.world import running

HOUR = 3600


def message(number: int, text: str | None = None, user: str = "1") -> Message:
    return Message(f"wamid.{number}", user, "text", text or f"question {number}", None)


def test_a_person_is_not_held_up_and_a_machine_is() -> None:
    now = [0.0]
    guard = LoopGuard(60, lambda: now[0])
    assert [guard.lets_through(message(number)) for number in range(62)] == [True] * 60 + [False] * 2
    assert guard.lets_through(message(99, user="2"))
    now[0] = HOUR
    assert guard.lets_through(message(100))


def test_the_same_words_are_answered_less_often() -> None:
    guard = LoopGuard(60)
    assert [guard.lets_through(message(number, "I am away")) for number in range(8)] == [True] * 6 + [False] * 2
    assert guard.lets_through(message(9, "another question"))
    assert [LoopGuard(10).lets_through(message(1, "hi"))] == [True]


def test_a_message_that_is_tried_again_counts_once() -> None:
    guard = LoopGuard(1)
    assert all(guard.lets_through(message(1)) for _ in range(3))
    assert not guard.lets_through(message(2))


def test_it_forgets_users_rather_than_grow() -> None:
    guard = LoopGuard(1)
    for user in range(USERS_AT_MOST + 1):
        assert guard.lets_through(message(user, user=str(user)))
    assert guard.lets_through(message(-1, user="0"))
    assert not guard.lets_through(message(-1, user=str(USERS_AT_MOST)))


def test_a_machine_is_told_once_and_then_ignored() -> None:
    user = "15557790001"
    with running(USER_MESSAGES_PER_HOUR="2") as world:
        for number in range(5):
            world.say(f"question {number}", user)
        world.wait_for_sent(user, 3)
        assert world.ask("somebody else", "15557790002")
        sent = world.sent(user)
    assert sent[2:] == [Notice.TOO_MANY.value]
