"""Free ports of 127.0.0.1, for several test processes at once."""

from __future__ import annotations

import itertools
import os
import random
import socket
from collections.abc import Iterator

# The local world gives those above to its instances; from 32768 on, Linux gives them away to whoever connects.
NOBODYS = range(10_000, 20_000)


def _own() -> Iterator[int]:
    """Those of this test process alone, in an order of its own: each comes once before one comes again."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(NOBODYS[number::processes])
    random.SystemRandom().shuffle(ports)
    return itertools.cycle(ports)


_ports = _own()


def free_port() -> int:
    """A port that nobody listens on, and that no other test process is given."""
    while True:
        port = next(_ports)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def free_ports(count: int) -> list[int]:
    """So many different ones."""
    return sorted(free_port() for _ in range(count))
