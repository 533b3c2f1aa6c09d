"""A thousand answers at the same time: whether all of them come, and what the service needs for it."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import suppress
from urllib.request import Request, urlopen

import httpx

from bench.measure import Result
from bench.service import servers
from tests.ansari_whatsapp.world import CONTROLS, environment, neighbours, until
from tests.ports import free_port

ANSWERS = 1000
CHUNK_SECONDS = 0.25
WITHIN = 110.0
TOKEN = "metrics-token-0123456789"  # noqa: S105 -- of a service on this machine


def measure() -> list[Result]:
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        neighbours(f"http://127.0.0.1:{port}/whatsapp/v2") as (backend, meta),
    ):
        slow = {"chunk_delay": {"seconds": CHUNK_SECONDS}}
        httpx.put(f"{backend}/_local/faults", json=slow, headers=CONTROLS).raise_for_status()
        limits = {"window_seconds": None, "throughput": None, "pair": False}
        httpx.put(f"{meta}/_local/limits", json=limits, headers=CONTROLS).raise_for_status()
        environ = environment(
            backend,
            meta,
            port,
            ANSWERS_AT_ONCE=str(ANSWERS),
            INBOX_URL=f"sqlite:///{name}/inbox.sqlite3",
            LOGGING_LEVEL="WARNING",
            METRICS_TOKEN=TOKEN,
        )
        with servers.started(port, "-m", "ansari_whatsapp", environ=environ) as service:
            before = service.memory()
            begin = time.monotonic()
            asked = service.load(2.0, rate=ANSWERS / 2)["answered"]
            with suppress(AssertionError):
                until(lambda: _done(port) >= asked, WITHIN)
            took, done = time.monotonic() - begin, _done(port)
            most = service.memory("VmHWM")
    note = f"{took:.0f} s in all; one alone streams for 37 s, in 146 pieces"
    return [
        Result(f"answered, of {asked:.0f} at once", done, at_least=asked, note=note),
        Result("memory at the most", most, " MB", at_most=256, note=f"{before:.0f} MB before"),
    ]


def _done(port: int) -> float:
    """How many messages have their whole answer."""
    request = Request(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        page = answer.read().decode()
    found = re.search(r'^ansari_answers_total{outcome="done"} (\S+)$', page, re.MULTILINE)
    return float(found[1]) if found else 0.0
