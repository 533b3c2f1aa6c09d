"""Intervals and timeouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansari_whatsapp.clocks import LEASE_TO_SPARE, Clocks
from ansari_whatsapp.inbox.choose import inbox_at
from ansari_whatsapp.settings import Settings
from tests.ansari_whatsapp.world import environment


@pytest.mark.parametrize("url", ["sqlite:///{}/inbox.sqlite3", "dynamodb://table?region=us-west-2"])
@pytest.mark.parametrize("seconds", [1.0, 12.0, 60.0, 600.0])
def test_a_dead_instance_is_replaced_within_the_lease_and_a_live_one_is_not(
    url: str, seconds: float, tmp_path: Path
) -> None:
    inbox = inbox_at(url.format(tmp_path), "inbox-key-0123456789abcdef", 100, lease_seconds=seconds)
    environ = environment("http://127.0.0.1:1", "http://127.0.0.1:2", 8001, LEASE_SECONDS=str(seconds))
    clocks = Clocks.of(Settings.from_environment(environ), inbox.poll)
    until_noticed = clocks.lease + inbox.poll  # after a death right after an extension
    assert until_noticed <= seconds * (1 - LEASE_TO_SPARE) + 1e-9
    assert clocks.lease / 2 > seconds * 0.4, "a live instance has this long to extend its lease"
