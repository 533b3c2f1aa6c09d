from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployer.view.times import ago, duration

NOW = datetime(2026, 11, 3, 9, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=4), "4 s ago (2026-11-03 09:15 UTC)"),
        (timedelta(minutes=4), "4 min ago (2026-11-03 09:12 UTC)"),
        (timedelta(hours=3), "3 h ago (2026-11-03 06:16 UTC)"),
        (timedelta(days=20), "20 d ago (2026-10-14 09:16 UTC)"),
        (timedelta(0), "just now (2026-11-03 09:16 UTC)"),
        (-timedelta(minutes=2), "just now (2026-11-03 09:18 UTC)"),
    ],
)
def test_a_time_is_relative_first_and_absolute_second(before: timedelta, shown: str) -> None:
    assert ago((NOW - before).isoformat(), NOW) == shown


@pytest.mark.parametrize(("when", "shown"), [(None, ""), ("", ""), ("not a time", "not a time")])
def test_what_is_no_time_is_not_guessed(when: str | None, shown: str) -> None:
    assert ago(when, NOW) == shown


def test_another_time_zone_is_shown_in_utc() -> None:
    assert ago("2026-11-03T11:12:00+02:00", NOW) == "4 min ago (2026-11-03 09:12 UTC)"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "119 min"), (7200, "2 h"), (172800, "2 d")]
)
def test_a_length_of_time(seconds: float, text: str) -> None:
    assert duration(seconds) == text
