"""How ansari-backend and Meta fail while people write: with errors, late, without an answer, and after the fact."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tests import loopback
from tests.ansari_whatsapp.world import CONTROLS
from tests.torture.fleet import Fleet

RULES: Final = 60  # of each kind of fault
MORE: Final = {"TRIES": "100", "PAUSE_SECONDS": "0.3"}  # no message is given up for what passes
Rules = list[dict[str, Any]]


def make_flaky(made: Fleet, seed: int, losing: Sequence[str]) -> None:
    """Let one of about twenty requests fail, for each kind of failure.

    Meta accepts a part and loses its reply only for the users `losing`. An answer that breaks off is in its thread, and
    the route that reads the thread does not fail: what the user gets then is the whole answer.
    """
    chance = random.Random(seed)
    lookups = [
        {"route": chance.choice(["exists", "last_thread"]), "status": chance.choice([500, 503]), "after": after}
        for after in _numbers(chance)
    ]
    refusals = [{"route": "process", "status": chance.choice([429, 503]), "after": after} for after in _numbers(chance)]
    made.change(
        "backend",
        "faults",
        chunk_delay={"seconds": 0.001},
        headers_delay=_rules(chance, seconds=0.3),
        server_error=_once(lookups[: RULES // 2] + refusals[: RULES // 2]),
        no_response=_rules(chance, route="process"),
        reset=_rules(chance, after_bytes=40, stored=True),
    )
    errors = [{"code": chance.choice([131000, 130429, 131056]), "after": after} for after in _numbers(chance)]
    lost = [{"user": user, "after": after} for user in losing for after in _numbers(chance, 15, between=(1, 3))]
    made.change(
        "meta",
        "faults",
        latency=_rules(chance, seconds=0.3),
        reset=_rules(chance, kind="message"),
        error=_once(errors, kind="message"),
        token_revoked=_rules(chance, RULES // 10, kind="message"),
        accept_and_drop=_once(lost, kind="message"),
    )


def lost_replies(made: Fleet) -> int:
    """Return how many replies Meta lost after it had accepted a part."""
    return times_struck(made.meta, "accept_and_drop")


def times_struck(url: str, switch: str) -> int:
    """Return how often a fault of the backend or of Meta took effect since its switches were last set."""
    found = loopback.get(f"{url}/_local/faults", headers=CONTROLS).json()["faults"]
    return sum(rule["struck"] for rule in found[switch])


def _rules(chance: random.Random, count: int = RULES, **settings: Any) -> Rules:
    return _once([{"after": after} for after in _numbers(chance, count)], **settings)


def _once(rules: Rules, **settings: Any) -> Rules:
    return [{**rule, **settings, "times": 1} for rule in rules]


def _numbers(chance: random.Random, count: int = RULES, between: tuple[int, int] = (5, 35)) -> Iterator[int]:
    """How many requests pass before each fault, with so many between two of them."""
    number = 0
    for _ in range(count):
        number += chance.randint(*between)
        yield number
