"""An instance dies while no other has its processor: the next webhook of any user brings its message back."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from ansari_whatsapp.inbox.dynamodb.box import Box
from tests.ansari_whatsapp.tables import Tables
from tests.ansari_whatsapp.world import until
from tests.loopback import NO_TLS
from tests.torture.flaky import times_struck
from tests.torture.fleet import Fleet, Instance, fleet
from tests.torture.freezer import FreezingBalancer
from tests.torture.people import Person
from tests.torture.test_idle_instances import wait

FIRST, SECOND = "15575560001", "15575560002"


class Observed(FreezingBalancer):
    """Shows which instances have a request in flight."""

    @property
    def busy(self) -> list[int]:
        return sorted(port for port, count in self._inside.items() if count)


@pytest.mark.timeout(300)
def test_the_next_webhook_brings_back_what_a_dead_instance_was_answering(tables: Tables, tmp_path: Path) -> None:
    balancers: list[Observed] = []

    def balancing(instances: list[Instance], seed: int) -> Observed:
        balancers.append(Observed(lambda: [each for each in instances if each.running], seed))
        return balancers[-1]

    with fleet(tables, tmp_path, seed=3, table="death-while-idle", balancing=balancing) as made:
        (balancer,) = balancers
        made.change("backend", "faults", first_chunk_delay={"seconds": 600, "user": FIRST, "times": 1})
        first, second = (Person(made, user, 3, 0.0) for user in (FIRST, SECOND))
        wait(made, balancer.freeze())
        try:
            write(first)
            # Until the backend was asked, the next instance would meet its delay, too.
            until(lambda: times_struck(made.backend, "first_chunk_delay") == 1, 30)
            until(lambda: len(balancer.busy) == 1 and leased(made) is not None, 30)
            (port,) = balancer.busy
            next(each for each in made.instances if each.port == port).die()
            until(lambda: balancer.quiet, 30)
            until(lambda: time.time() > (leased(made) or 0.0), 30)
            assert first.missing(), "nobody has the processor to take it over"
            write(second)
            begin = time.monotonic()
            until(lambda: not first.missing() and not second.missing(), 60)
            print(f"\nanswered {time.monotonic() - begin:.1f} s after the next webhook")  # noqa: T201
        finally:
            wait(made, balancer.thaw())
        assert first.repeated() == second.repeated() == 0


def write(person: Person) -> None:
    with httpx.Client(verify=NO_TLS, timeout=8) as http:
        person.say(http)


def leased(made: Fleet) -> float | None:
    """When the lease of the one box in the table ends, in unix seconds; None while nobody has it."""
    boxes = [Box(item) for item in made.table()]
    return next((box.due for box in boxes if box.ids and box.own), None)
