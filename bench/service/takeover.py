"""How long after the end of an instance another one continues its work, as a multiple of LEASE_SECONDS."""

from __future__ import annotations

import random
import signal
import time
from statistics import median

from bench.measure import Result
from bench.service.instances import Instances, instances, new_users
from tests.ansari_whatsapp.tables import Tables, independent

LEASE = 12.0  # seconds, in place of 60
AT_MOST = 1.0  # lease
TRIES = 4
STUCK = 600.0  # seconds until the backend's first answer would begin


def measure() -> list[Result]:
    """Two instances each: one is answering when it is killed or stopped, the other one is idle."""
    with independent() as tables:
        return [*_measure("table", tables), *_measure("file", None)]


def _measure(name: str, tables: Tables | None) -> list[Result]:
    more = {"DRAIN_SECONDS": "0.5", "BACKEND_FIRST_BYTE_SECONDS": "600", "BACKEND_ANSWER_SECONDS": "600"}
    with instances(2, tables, lease=LEASE, one_disk=tables is None, **more) as both:
        held = [random.Random(n).uniform(0.5, LEASE) for n in range(TRIES)]  # noqa: S311 -- moments
        killed = [_until_answered(both, signal.SIGKILL, seconds) / LEASE for seconds in held]
        stopped = [_until_answered(both, signal.SIGTERM, 1.0) for _ in range(TRIES)]
    every = ", ".join(f"{one:.2f}" for one in sorted(killed))
    return [
        Result(f"{name}: after kill -9, the longest of {TRIES}", max(killed), " leases", at_most=AT_MOST, note=every),
        Result(f"{name}: after SIGTERM, half of {TRIES}", median(stopped), " s", note="0.5 s of them the drain"),
    ]


def _until_answered(both: Instances, how: int, seconds: float) -> float:
    """End the instance that answers a message after so many seconds; return the seconds until the answer arrived.

    The first request to the backend gets no answer, the second one at once.
    """
    [user] = new_users(1)
    both.change("backend", "faults", first_chunk_delay={"seconds": STUCK, "times": 1})
    holder = 0
    both.say(holder, user, "question")
    time.sleep(seconds)
    begin = time.monotonic()
    both.each[holder].signal(how)
    both.wait([user], lambda user: both.has_whole(user, "question"))
    took = time.monotonic() - begin if both.has_whole(user, "question") else float("inf")
    both.start(holder)
    return took
