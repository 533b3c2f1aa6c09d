"""Calls to DynamoDB for one message, and the capacity units that they consume, as ministack reports them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import NamedTuple

from ansari_whatsapp.guard import KEPT
from ansari_whatsapp.inbox import Profile, SeenMessage, State
from ansari_whatsapp.inbox.dynamodb import DynamoInbox
from ansari_whatsapp.webhook import Message, Status
from bench.measure import Result
from deployer.local.backend.answers import answer_to
from tests.ansari_whatsapp.tables import Tables, independent

WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
BEFORE_200 = 2  # calls that Meta waits for at most
MOST_CALLS, MOST_UNITS = 10, 14
STATUSES = ("sent", "delivered", "read")
WORDS = answer_to("a long answer").text.split()
_numbers = itertools.count(1)
LEASE = 52.0  # seconds, as with LEASE_SECONDS=60
LONGEST = 4096  # characters of a part


class Used(NamedTuple):
    """Calls and capacity units."""

    calls: int
    written: float
    read: float


class Clock:
    """Unix seconds that this module sets."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def measure() -> list[Result]:
    with independent() as tables:
        tables.create("units")
        return asyncio.run(_measure(tables))


async def _measure(tables: Tables) -> list[Result]:
    results = []
    first = True
    for length in (200, 1500, 3000, LONGEST):
        ack, all_ = await _answer(tables, [length])
        if first:
            results.append(_line("before the 200", ack, BEFORE_200))
            first = False
        results += _lines(f"one part of {length} characters", all_)
    _, busy = await _answer(tables, [1500], profile=_busy())
    results += _lines(f"one part of 1500, the message {KEPT} in an hour", busy, targets=False)
    for when in ("after it was sent", "before it counts as sent"):
        _, elsewhere = await _answer(tables, [1500], statuses=when)
        results += _lines(f"one part of 1500, its statuses at another instance {when}", elsewhere)
    _, three = await _answer(tables, [LONGEST] * 3)
    results += _lines("three parts of 4096", three, targets=False)
    _, three = await _answer(tables, [LONGEST] * 3, statuses="after it was sent")
    results += _lines("three parts of 4096, their statuses at another instance", three, targets=False)
    return results


def _line(name: str, used: Used, most: int) -> Result:
    return Result(
        f"{name}: calls", used.calls, at_most=most, note=f"{used.written:g} write and {used.read:g} read units"
    )


def _lines(name: str, used: Used, *, targets: bool = True) -> list[Result]:
    return [
        Result(f"{name}: calls", used.calls, at_most=MOST_CALLS if targets else None),
        Result(
            f"{name}: write units",
            used.written,
            at_most=MOST_UNITS if targets else None,
            note=f"and {used.read:g} read units",
        ),
    ]


async def _answer(
    tables: Tables, lengths: Sequence[int], *, statuses: str = "", profile: Profile | None = None
) -> tuple[Used, Used]:
    """Answer one message, until nothing is kept but its marker. Returns what the 200 waited for, and everything."""
    clock, number = Clock(), next(_numbers)
    chance = random.Random(number)  # noqa: S311 -- texts
    async with AsyncExitStack() as stack:
        here, there = tables.inbox("units", 1000, clock), tables.inbox("units", 1000, clock)
        for inbox in (here, there):
            await inbox.open()
            stack.push_async_callback(inbox.aclose)
        message = Message(f"wamid.{number:050}", f"1555{number:07}", "text", "a" * 100, None)
        counted = _count(here, there)
        [job] = (await here.put([message], clock.now + LEASE, 1)).leased
        acknowledged = _difference(_count(here, there), counted)
        parts = tuple(_text(chance, length) for length in lengths)
        job = replace(job, state=State.ANSWERED, parts=parts, profile=profile or Profile(language="en"))
        clock.now += 5
        await here.save(job)
        for part in range(1, len(parts) + 1):
            clock.now += 1
            told = [Status(f"wamid.out{part}", status, here.tag(job, part), None) for status in STATUSES if statuses]
            if statuses.startswith("before"):
                while told:
                    await there.settle(told.pop(0))
            job = replace(job, sent=part)
            await (here.save(job) if part < len(parts) else here.finish(job, State.DONE))
            for status in told:
                await there.settle(status)
        clock.now += 60
        before = Counter(here.client.calls)
        await here.lease(clock.now, clock.now + LEASE)
        used = _difference(_count(here, there), counted)
        polled = here.client.calls["Query"] - before["Query"]
        return acknowledged, used._replace(calls=used.calls - polled, read=used.read - polled * 0.5)


def _text(chance: random.Random, length: int) -> str:
    """Words in random order, which compress less than sentences do."""
    return " ".join(chance.choice(WORDS) for _ in range(length))[:length]


def _busy() -> Profile:
    """The largest profile that there is."""
    chance = random.Random(0)  # noqa: S311 -- short hashes
    seen = (
        SeenMessage(1_790_000_000 + n, f"{chance.randrange(10**6):06}", f"{chance.randrange(10**6):06}")
        for n in range(KEPT)
    )
    return Profile(tuple(seen), language="en")


def _count(*inboxes: DynamoInbox) -> Used:
    calls, units = Counter[str](), Counter[str]()
    for inbox in inboxes:
        inbox.client.count_units = True
        calls.update(inbox.client.calls)
        units.update(inbox.client.units)
    written = sum(units[name] for name in WRITES)
    return Used(calls.total(), written, sum(units.values()) - written)


def _difference(now: Used, before: Used) -> Used:
    return Used(now.calls - before.calls, now.written - before.written, now.read - before.read)
