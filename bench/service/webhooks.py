"""How many webhooks a second are acknowledged with each inbox, and how long the slowest take."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson

from ansari_whatsapp.signature import Signer
from bench.measure import Result
from bench.service import servers
from bench.service.load import Webhooks
from tests.ansari_whatsapp.world import APP_SECRET

SECONDS, WARM_SECONDS = 2.0, 2.0
RATE, RATE_SECONDS = 300.0, 10.0
CALM_RATE, CALM_SECONDS = 30.0, 5.0
AT_LEAST = 1000.0  # webhooks a second and core with a table
BARE, TWIN, FILE, TABLE = SERVERS = ("bare Sanic", "FastAPI and uvicorn", "file", "table")


class Seen(NamedTuple):
    """What one load of a server showed. `used` is the server's processor time."""

    answered: float
    per_second: float
    p50_ms: float
    used: float

    @property
    def per_core(self) -> float:
        return self.answered / self.used


def measure(rounds: int) -> list[Result]:
    """Rounds of all servers in turns, so that whatever else the machine is busy with meets all alike.

    Each round begins with an empty inbox: nobody answers the messages, and no service has 100,000 that wait. The table
    is a stub that answers at once.
    """
    seen: dict[str, list[Seen]] = {name: [] for name in SERVERS}
    memory: dict[str, list[float]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        with _all() as each:
            for server in each.values():
                server.load(WARM_SECONDS)
            for which, server in each.items():
                seen[which].append(_seen(server))
                memory[which].append(server.memory())
    core = {which: statistics.median(one.per_core for one in all_) for which, all_ in seen.items()}
    clock = {which: statistics.median(one.per_second for one in all_) for which, all_ in seen.items()}
    with _all() as each:
        steady = {which: each[which].load(RATE_SECONDS, rate=RATE) for which in (FILE, TABLE)}
        calm = {which: each[which].load(CALM_SECONDS, rate=CALM_RATE) for which in (FILE, TABLE)}
    added = calm[TABLE]["p50_ms"] - calm[FILE]["p50_ms"]
    return [
        *(
            Result(
                f"{which}: webhooks a second and core",
                core[which],
                at_least=AT_LEAST if which == TABLE else None,
                note=f"{clock[which]:.0f} a second by the clock",
            )
            for which in SERVERS
        ),
        Result("file to bare Sanic, by processor time", core[FILE] / core[BARE], at_least=0.5),
        Result("file to bare Sanic, by the clock", clock[FILE] / clock[BARE], at_least=0.55),
        Result("table to bare Sanic, by processor time", core[TABLE] / core[BARE]),
        Result("file to FastAPI on the same file, by processor time", core[FILE] / core[TWIN], at_least=1.3),
        *(
            Result(
                f"{which}: the slowest of 100 at {RATE:.0f} a second",
                steady[which]["p99_ms"],
                " ms",
                at_most=20,
                note=f"half of them within {steady[which]['p50_ms']:.1f} ms",
            )
            for which in (FILE, TABLE)
        ),
        Result(
            f"added by the calls to a table, half of them, at {CALM_RATE:.0f} a second",
            added,
            " ms",
            note=f"{calm[FILE]['p50_ms']:.1f} ms with the file; without the network",
        ),
        *(
            Result(f"{which}: memory", statistics.median(memory[which]), " MB", note="after a load")
            for which in (FILE, TABLE)
        ),
        Result("signature and JSON alone", _ceiling() / 1000, "k/s", note="one core, without a server"),
    ]


def _seen(server: servers.Server) -> Seen:
    before = server.processor
    load = server.load(SECONDS)
    return Seen(load["answered"], load["per_second"], load["p50_ms"], server.processor - before)


@contextmanager
def _all() -> Iterator[dict[str, servers.Server]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        servers.bare() as bare,
        servers.twin(Path(name)) as twin,
        servers.service(Path(name)) as file,
        servers.stub() as stub,
        servers.service(Path(name), stub) as table,
    ):
        yield {BARE: bare, TWIN: twin, FILE: file, TABLE: table}


def _ceiling() -> float:
    signer = Signer(APP_SECRET)
    head, _, body = Webhooks(APP_SECRET, "127.0.0.1").next().partition(b"\r\n\r\n")
    header = next(line for line in head.decode().split("\r\n") if "sha256=" in line).partition(": ")[2]
    times = 50_000
    begin = time.perf_counter()
    for _ in range(times):
        assert signer.valid(header, body)
        orjson.loads(body)
    return times / (time.perf_counter() - begin)
