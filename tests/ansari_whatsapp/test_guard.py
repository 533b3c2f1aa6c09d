"""The limit for each user."""

from __future__ import annotations

import pytest

from ansari_whatsapp.guard import KEPT, LoopGuard
from ansari_whatsapp.inbox import Profile
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.world import running

HOUR = 3600
KEY = b"a key"


class Instance:
    """A guard, and the profiles of the users, which may be those of another instance."""

    def __init__(self, per_hour: int, profiles: dict[str, Profile] | None = None, key: bytes = KEY) -> None:
        self.now = 1000.0
        self.guard = LoopGuard(per_hour, key, lambda: self.now)
        self.profiles = {} if profiles is None else profiles

    def lets_through(self, number: int, text: str | None = None, user: str = "1") -> bool:
        message = Message(f"wamid.{number}", user, "text", text or f"question {number}", None)
        passes, self.profiles[user] = self.guard.lets_through(message, self.profiles.get(user, Profile()))
        return passes


def test_a_person_is_not_held_up_and_a_machine_is() -> None:
    here = Instance(60)
    assert [here.lets_through(number) for number in range(62)] == [True] * 60 + [False] * 2
    assert here.lets_through(99, user="2")
    here.now += HOUR
    assert here.lets_through(100)


def test_the_same_words_are_answered_less_often() -> None:
    here = Instance(60)
    assert [here.lets_through(number, "I am away") for number in range(8)] == [True] * 6 + [False] * 2
    assert here.lets_through(9, "another question")
    assert [Instance(10).lets_through(1, "hi")] == [True]


def test_a_message_that_is_tried_again_counts_once() -> None:
    here = Instance(1)
    assert all(here.lets_through(1) for _ in range(3))
    assert not here.lets_through(2)


def test_the_limit_holds_for_the_user_on_all_instances() -> None:
    profiles: dict[str, Profile] = {}
    instances = [Instance(3, profiles) for _ in range(2)]
    assert [instances[number % 2].lets_through(number) for number in range(5)] == [True] * 3 + [False] * 2
    assert instances[1].lets_through(0), "a message that another instance let through is tried again here"


@pytest.mark.parametrize("per_hour", [1, 3])
def test_a_profile_keeps_the_last_hour_without_the_texts(per_hour: int) -> None:
    here = Instance(per_hour)
    for number in range(10):
        here.lets_through(number, f"a private question {number}")
        seen = here.profiles["1"].seen
        assert len(seen) <= per_hour
        assert all(here.now - each.at < HOUR for each in seen)
        here.now += HOUR / 4
    assert all(len(each.wamid) == len(each.text) == 6 for each in seen)
    assert "private" not in repr(seen)
    assert "wamid" not in repr([tuple(each) for each in seen])


@pytest.mark.parametrize("per_hour", [200, 1000, 1_000_000])
def test_a_high_limit_is_a_rate_that_a_small_profile_can_hold(per_hour: int) -> None:
    here = Instance(per_hour)
    assert [here.lets_through(number) for number in range(KEPT + 1)] == [True] * KEPT + [False]
    here.now += HOUR * KEPT / per_hour
    for number in range(KEPT, KEPT + 500):  # at the rate itself everybody passes
        here.now += HOUR / per_hour
        assert here.lets_through(number)
        assert len(here.profiles["1"].seen) <= KEPT


def test_a_profile_is_cut_to_a_smaller_limit() -> None:
    before = Instance(10)
    assert all(before.lets_through(number) for number in range(10))
    after = Instance(4, before.profiles)
    assert not after.lets_through(99)
    assert len(after.profiles["1"].seen) == 4


def test_another_key_recognises_nothing() -> None:
    here = Instance(1)
    assert here.lets_through(1)
    assert not Instance(1, dict(here.profiles), b"another key").lets_through(1)


def test_a_machine_is_told_once_and_then_ignored() -> None:
    user = "15557790001"
    with running(USER_MESSAGES_PER_HOUR="2") as world:
        for number in range(5):
            world.say(f"question {number}", user)
        world.wait_for_sent(user, 3)
        assert world.ask("somebody else", "15557790002")
        sent = world.sent(user)
    assert sent[2:] == [Notice.TOO_MANY.value]
