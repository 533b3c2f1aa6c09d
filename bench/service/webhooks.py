"""How many webhooks a second are acknowledged, and how long the slowest take."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from ansari_whatsapp.signature import Signer
from bench.measure import Result
from bench.service import servers
from bench.service.load import Webhooks
from tests.ansari_whatsapp.world import APP_SECRET

SECONDS, WARM_SECONDS = 2.0, 0.5
RATE, RATE_SECONDS = 300.0, 10.0


def measure(rounds: int) -> list[Result]:
    """Rounds of the three in turns, so that whatever else the machine is busy with meets all alike.

    Each round begins with an empty inbox: nobody answers the messages, and no service has 100,000 that wait.
    """
    seen: dict[str, list[float]] = {"bare": [], "twin": [], "service": []}
    for _ in range(rounds):
        with _all_three() as each:
            for server in each.values():
                server.load(WARM_SECONDS)
            for which, server in each.items():
                seen[which].append(server.load(SECONDS)["per_second"])
    rate = {which: statistics.median(rates) for which, rates in seen.items()}
    with _all_three() as each:
        steady = each["service"].load(RATE_SECONDS, rate=RATE)
    note = f"{rate['service']:.0f} a second, committed, against {{:.0f}} {{}}"
    return [
        Result(
            "to a bare Sanic handler",
            rate["service"] / rate["bare"],
            at_least=0.55,
            note=note.format(rate["bare"], "that are only checked and answered"),
        ),
        Result(
            "to FastAPI and uvicorn on the same inbox",
            rate["service"] / rate["twin"],
            at_least=1.3,
            note=note.format(rate["twin"], "committed"),
        ),
        Result(
            f"the slowest of 100 at {RATE:.0f} a second",
            steady["p99_ms"],
            " ms",
            at_most=20,
            note=f"half of them within {steady['p50_ms']:.1f} ms",
        ),
        Result("signature and JSON alone", _ceiling() / 1000, "k/s", note="one core, without a server"),
    ]


@contextmanager
def _all_three() -> Iterator[dict[str, servers.Server]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        servers.bare() as bare,
        servers.twin(Path(name)) as twin,
        servers.service(Path(name)) as service,
    ):
        yield {"bare": bare, "twin": twin, "service": service}


def _ceiling() -> float:
    signer = Signer(APP_SECRET)
    head, _, body = Webhooks(APP_SECRET).next().partition(b"\r\n\r\n")
    header = next(line for line in head.decode().split("\r\n") if "sha256=" in line).partition(": ")[2]
    times = 50_000
    begin = time.perf_counter()
    for _ in range(times):
        assert signer.valid(header, body)
        orjson.loads(body)
    return times / (time.perf_counter() - begin)
