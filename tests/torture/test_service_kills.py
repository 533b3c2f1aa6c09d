"""The service is killed again and again: what it acknowledged is answered once, in order."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.ansari_whatsapp.world import until
from tests.torture.service import asked_again, killable, repeated, writing


@pytest.mark.timeout(3600)
def test_killed_at_any_moment_it_answers_what_it_acknowledged_once_and_in_order(tmp_path: Path, full: bool) -> None:
    kills = 200 if full else 4
    chance = random.Random(4)
    with killable(tmp_path) as service:
        service.change("backend", "faults", chunk_delay={"seconds": 0.001})
        service.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
        service.start()
        until(service.up)
        with writing(service, users=12, seed=4, pause=5.0 if full else 1.0) as writers:
            for _ in range(kills):
                time.sleep(chance.uniform(0.1, 1.5))
                service.kill()
                service.start()
                until(service.up)
        again = [repeated(writer.expected(), writer.got()) for writer in writers]
        asked = sum(asked_again(service).values())
    messages = sum(len(writer.acknowledged) for writer in writers)
    redelivered = sum(writer.redelivered for writer in writers)
    print(f"\n{kills} kills, {messages} messages acknowledged, {redelivered} tries not; {sum(again)} parts repeated,")  # noqa: T201
    print(f"{asked} questions asked of the backend again")  # noqa: T201
    assert messages > kills
    assert sum(again) <= kills * len(writers)
