"""What every inbox promises; each implementation runs the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from ansari_whatsapp.inbox import Inbox, InboxFull, MemoryInbox, State
from ansari_whatsapp.webhook import Message

Make = Callable[..., Inbox]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[MemoryInbox])
def make(request: pytest.FixtureRequest, clock: Clock) -> Make:
    return lambda capacity=100: request.param(capacity=capacity, clock=clock)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def message(wamid: str, user: str = "1") -> Message:
    return Message(wamid, user, "text", "hello", None)


async def lease(inbox: Inbox, now: float = 1000.0) -> str | None:
    job = await inbox.lease(now, now + 60)
    return job.message.wamid if job else None


def test_what_is_put_comes_out_once_and_in_order_per_user(make: Make) -> None:
    async def test() -> None:
        inbox = make()
        assert await inbox.put([message("a1"), message("a2"), message("b1", "2")]) == 3
        assert {await lease(inbox), await lease(inbox)} == {"a1", "b1"}
        assert await lease(inbox) is None
        await inbox.finish("a1", State.DONE)
        assert await lease(inbox) == "a2"

    run(test())


def test_a_known_wamid_is_not_new_even_when_it_is_done(make: Make) -> None:
    async def test() -> None:
        inbox = make()
        assert await inbox.put([message("a")]) == 1
        assert await inbox.put([message("a"), message("b")]) == 1
        await lease(inbox)
        await inbox.finish("a", State.DONE)
        assert await inbox.put([message("a")]) == 0
        assert await inbox.waiting() == 1

    run(test())


def test_it_is_remembered_for_eight_days(make: Make, clock: Clock) -> None:
    async def test() -> None:
        inbox = make()
        await inbox.put([message("a")])
        await lease(inbox)
        await inbox.finish("a", State.DONE)
        clock.now += 7.9 * 86400
        assert await inbox.put([message("a")]) == 0
        clock.now += 0.2 * 86400
        assert await inbox.put([message("a")]) == 1

    run(test())


def test_a_lease_that_ends_gives_the_job_back_as_it_was_saved(make: Make) -> None:
    async def test() -> None:
        inbox = make()
        await inbox.put([message("a")])
        job = await inbox.lease(1000, 1060)
        assert job is not None
        await inbox.save(replace(job, state=State.ANSWERED, parts=("x", "y"), sent=1))
        assert await lease(inbox, 1059) is None
        await inbox.extend("a", 1100)
        assert await lease(inbox, 1061) is None
        again = await inbox.lease(1100, 1200)
        assert again is not None
        assert (again.state, again.parts, again.sent) == (State.ANSWERED, ("x", "y"), 1)

    run(test())


def test_a_retry_holds_back_the_user_and_nobody_else(make: Make) -> None:
    async def test() -> None:
        inbox = make()
        await inbox.put([message("a1"), message("a2"), message("b1", "2")])
        job = await inbox.lease(1000, 1060)
        assert job is not None
        assert job.message.wamid == "a1"
        await inbox.retry(replace(job, tries=1, sent=1), 1005)
        assert await lease(inbox, 1001) == "b1"
        assert await lease(inbox, 1004) is None
        later = await inbox.lease(1005, 1060)
        assert later is not None
        assert (later.message.wamid, later.tries, later.sent) == ("a1", 1, 1)

    run(test())


def test_a_full_inbox_takes_nothing_of_a_batch(make: Make) -> None:
    async def test() -> None:
        inbox = make(2)
        await inbox.put([message("a")])
        with pytest.raises(InboxFull):
            await inbox.put([message("b"), message("c")])
        assert await inbox.waiting() == 1
        assert await inbox.put([message("a"), message("b")]) == 1

    run(test())
