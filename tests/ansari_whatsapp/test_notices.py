"""How often a user gets a notice."""

from __future__ import annotations

import pytest

from ansari_whatsapp.inbox import Profile
from ansari_whatsapp.notices import HOUR, MINUTE, Notice, Notices
from ansari_whatsapp.webhook import Message


class Instance:
    """The notices of one user; the profile may be the one that another instance stored."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.notices = Notices(b"a key", lambda: self.now)
        self.profile = Profile(language="fr", held=2)

    def due(self, number: int, notice: Notice) -> bool:
        message = Message(f"wamid.{number}", "15550000001", "text", "x", None)
        due, self.profile = self.notices.due(message, notice, self.profile)
        return due


@pytest.mark.parametrize(("notice", "window"), [(Notice.TEXT_ONLY, HOUR), (Notice.NO_ANSWER, MINUTE)])
def test_a_notice_is_sent_once_in_its_window(notice: Notice, window: float) -> None:
    here = Instance()
    assert here.due(1, notice)
    assert not here.due(2, notice)
    here.now += window - 1
    assert not here.due(3, notice)
    here.now += 1
    assert here.due(4, notice)


def test_a_message_that_is_tried_again_gets_its_notice_again() -> None:
    here = Instance()
    assert all(here.due(1, Notice.NO_ANSWER) for _ in range(3))
    assert not here.due(2, Notice.NO_ANSWER)


def test_the_limit_holds_for_the_user_on_all_instances() -> None:
    here, there = Instance(), Instance()
    assert here.due(1, Notice.TEXT_ONLY)
    there.profile = here.profile
    assert not there.due(2, Notice.TEXT_ONLY)
    assert there.due(2, Notice.TOO_MANY)


def test_a_profile_keeps_the_last_hour_and_everything_else() -> None:
    here = Instance()
    assert here.due(1, Notice.TEXT_ONLY)
    here.now += HOUR
    assert here.due(2, Notice.NO_ANSWER)
    assert set(here.profile.notices) == {"NO_ANSWER"}
    assert (here.profile.language, here.profile.held) == ("fr", 2)
    assert "wamid" not in here.profile.notices["NO_ANSWER"].wamid
