"""Free ports of 127.0.0.1, for several test processes at once."""

from __future__ import annotations

import random
import socket

BELOW_THE_SYSTEMS_OWN = range(10_000, 32_000)  # from 32768 on, Linux gives ports away to whoever connects
_random = random.Random()  # seeded by the system: two processes that ask together get different ports


def free_port() -> int:
    """A port that nobody listens on, and that no other test process is likely to be given in this moment."""
    while True:
        port = _random.choice(BELOW_THE_SYSTEMS_OWN)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def free_ports(count: int) -> list[int]:
    """So many different ones."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return sorted(ports)
