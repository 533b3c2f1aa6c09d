"""The service's neighbours fail while people write: nothing acknowledged is lost, and all is well when they recover."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests import loopback
from tests.ansari_whatsapp.world import CONTROLS, until
from tests.torture.service import Killable, killable, repeated, writing

MORE = {"TRIES": "100", "PAUSE_SECONDS": "0.3", "CONFIRM_SECONDS": "0.5"}
FAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "meta resets": {"meta": {"reset": {}}},
    "meta throttles": {"meta": {"error": {"code": 130429}}},
    "meta throttles a pair": {"meta": {"error": {"code": 131056}}},
    "meta has trouble": {"meta": {"error": {"code": 131000}}},
    "the token is revoked": {"meta": {"token_revoked": {}}},
    "meta is slow": {"meta": {"latency": {"seconds": 0.5}}},
    "the backend looks nothing up": {"backend": {"server_error": {"route": "exists"}}},
    "the backend makes no thread": {"backend": {"server_error": {"route": "last_thread", "status": 503}}},
    "the backend is slow": {"backend": {"headers_delay": {"seconds": 0.5}}},
    "answers break off and are stored": {"backend": {"reset": {"after_bytes": 40, "stored": True}}},
    "everything at once": {
        "meta": {
            "latency": {"seconds": 0.1},
            "error": [
                {"code": 131000, "times": 5},
                {"code": 130429, "after": 10, "times": 5},
                {"code": 131056, "after": 30},
            ],
            "reset": {"after": 8, "times": 10},
            "token_revoked": {"after": 20, "times": 3},
        },
        "backend": {
            "headers_delay": {"seconds": 0.1},
            "server_error": [
                {"route": "exists", "times": 5},
                {"route": "last_thread", "status": 503, "after": 9, "times": 5},
            ],
            "reset": {"after_bytes": 40, "stored": True, "after": 3, "times": 10},
        },
    },
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killable]:
    with killable(tmp_path_factory.mktemp("service"), **MORE) as started:
        started.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
        started.start()
        until(started.up)
        yield started


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_and_the_queue_drains(service: Killable, name: str, full: bool) -> None:
    users, pause = (20, 4.0) if full else (4, 0.4)
    with writing(service, users, list(FAULTS).index(name), pause) as writers:
        time.sleep(0.3)
        for who, switches in FAULTS[name].items():
            service.change(who, "faults", **switches)
        time.sleep(20 if full else 1)
        for who in FAULTS[name]:
            loopback.delete(f"{getattr(service, who)}/_local/faults", headers=CONTROLS)
        time.sleep(0.3)
    again = [repeated(writer.expected(), writer.got()) for writer in writers]
    assert all(writer.acknowledged for writer in writers)
    assert sum(again) == 0
