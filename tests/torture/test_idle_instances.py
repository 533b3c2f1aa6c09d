"""Instances that have no processor while no request is in flight answer every message all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.ansari_whatsapp.tables import Tables
from tests.ansari_whatsapp.world import until
from tests.torture.fleet import Fleet, Instance, fleet
from tests.torture.freezer import FreezingBalancer
from tests.torture.people import Person

MESSAGES = 40


@pytest.mark.timeout(600)
@pytest.mark.parametrize("inbox", ["dynamodb", "sqlite"])
def test_idle_instances_answer_every_message(tables: Tables, tmp_path: Path, inbox: str) -> None:
    more: dict[str, Any] = {"INBOX_URL": f"sqlite:///{tmp_path}/inbox.sqlite3"} if inbox == "sqlite" else {}
    assert write_to_idle_instances(tables, tmp_path, MESSAGES, 1 if more else 3, **more) == 0


@pytest.mark.timeout(1200)
def test_25_idle_instances_answer_every_message(tables: Tables, tmp_path: Path, full: bool) -> None:
    """As many as App Runner has at most."""
    if not full:
        pytest.skip("`just torture` starts 25 instances")
    assert write_to_idle_instances(tables, tmp_path, MESSAGES, 25) == 0


def write_to_idle_instances(tables: Tables, folder: Path, messages: int, count: int, **more: Any) -> int:
    """Write to `count` instances, each time when none has its processor, and wait for each answer.

    Returns how many parts were repeated. Messages and instances may be as many as the machine bears: on App Runner
    there are up to 25 instances.
    """
    balancers: list[FreezingBalancer] = []

    def balancing(instances: list[Instance], seed: int) -> FreezingBalancer:
        balancers.append(FreezingBalancer(lambda: [*instances], seed))
        return balancers[-1]

    name = f"idle-{count}-{len(more)}"
    with fleet(tables, folder, count=count, seed=5, table=name, balancing=balancing, **more) as made:
        (balancer,) = balancers
        made.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
        person = Person(made, "15575550000", 5, 0.0)
        wait(made, balancer.freeze())
        try:
            for _ in range(messages):
                until(lambda: balancer.quiet, 30)
                person.write_one()
                until(lambda: not person.missing(), 60)
        finally:
            wait(made, balancer.thaw())
        until(lambda: not made.waiting(), 60)
        print(f"\n{dict(balancer.passed)}")  # noqa: T201
        return person.repeated()


def wait(made: Fleet, work: Coroutine[Any, Any, None]) -> None:
    asyncio.run_coroutine_threadsafe(work, made.loop).result(30)
