"""A steady load for a long time: what the service holds does not grow."""

from __future__ import annotations

import re
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from ansari_whatsapp.signature import HEADER, Signer
from tests import loopback
from tests.ansari_whatsapp.world import APP_SECRET, envelope, text, until, value
from tests.loopback import NO_TLS
from tests.torture.service import Killable, killable

TOKEN = "metrics-token-0123456789"
A_SECOND, USERS = 20, 200
ARENAS = 2 << 20  # bytes; Python and the C library take memory in pieces of up to a megabyte
MOST_MORE_BYTES = 2_000  # per message that was answered; a wamid that stays behind in memory would be some hundred


class Sample(NamedTuple):
    memory: int
    files: int
    tasks: float


@pytest.mark.skipif(sys.platform != "linux", reason="memory and files are read from /proc")
@pytest.mark.timeout(1800)
def test_what_it_holds_does_not_grow(tmp_path: Path, full: bool) -> None:
    seconds = 900 if full else 30
    with killable(tmp_path, METRICS_TOKEN=TOKEN, LOGGING_LEVEL="WARNING") as service:
        service.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
        service.cold = True
        service.start()
        until(service.up)
        enough = seconds * A_SECOND * 0.5
        stop, count = threading.Event(), [0]
        load = threading.Thread(target=_load, args=(service, stop, count))
        load.start()
        samples: list[Sample] = []
        try:
            while len(samples) < seconds or count[0] <= enough:  # a machine that is busy takes longer
                time.sleep(1)
                samples.append(_sample(service))
        finally:
            stop.set()
            load.join()
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    before, after = (Sample(*map(statistics.median, zip(*part, strict=True))) for part in (middle, last))
    print(f"\n{count[0]} messages in {seconds} s: {before} then {after}")  # noqa: T201
    assert count[0] > enough
    assert after.files <= before.files + 10
    assert after.tasks <= before.tasks + 20
    assert after.memory - before.memory <= ARENAS + MOST_MORE_BYTES * count[0] / 3


def _load(service: Killable, stop: threading.Event, count: list[int]) -> None:
    begin = time.monotonic()
    with httpx.Client(verify=NO_TLS, timeout=10) as http:
        while not stop.is_set():
            user = f"1558000{count[0] % USERS:04}"
            body = envelope(value(text(f"question {count[0]}", f"wamid.soak.{count[0]}", user)))
            headers = {HEADER: Signer(APP_SECRET).sign(body)}
            http.post(f"{service.url}/whatsapp/v2", content=body, headers=headers).raise_for_status()
            count[0] += 1
            stop.wait(max(0.0, begin + count[0] / A_SECOND - time.monotonic()))


def _sample(service: Killable) -> Sample:
    assert service.process is not None
    process = Path("/proc", str(service.process.pid))
    memory = re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())
    assert memory is not None
    headers = {"Authorization": f"Bearer {TOKEN}"}
    page = loopback.get(f"{service.url}/metrics", headers=headers).text
    tasks = re.search(r"^ansari_tasks (\S+)$", page, re.MULTILINE)
    assert tasks is not None
    return Sample(int(memory[1]) * 1024, len(list((process / "fd").iterdir())), float(tasks[1]))
