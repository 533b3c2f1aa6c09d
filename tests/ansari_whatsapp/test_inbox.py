"""What every inbox promises; each implementation runs the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansari_whatsapp.inbox import AGAIN, Inbox, InboxFull, Job, MemoryInbox, SqliteInbox, State
from ansari_whatsapp.inbox.base import KEEP_SENT
from ansari_whatsapp.webhook import Message

Make = Callable[..., Awaitable[Inbox]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Make:
    async def opened(capacity: int = 100) -> Inbox:
        inbox: Inbox = MemoryInbox(capacity, clock)
        if request.param == "sqlite":
            inbox = SqliteInbox(tmp_path / "inbox.sqlite3", capacity, clock)
        await inbox.open()
        open_ones.append(inbox)
        return inbox

    return opened


open_ones: list[Inbox] = []


def run(test: Coroutine[Any, Any, None]) -> None:
    async def whole() -> None:
        try:
            await test
        finally:
            while open_ones:
                await open_ones.pop().aclose()

    asyncio.run(whole())


def message(wamid: str, user: str = "1") -> Message:
    return Message(wamid, user, "text", "hello", None)


async def lease(inbox: Inbox, now: float = 1000.0) -> str | None:
    job = await inbox.lease(now, now + 60)
    return job.message.wamid if job else None


def test_what_is_put_comes_out_once_and_in_order_per_user(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        assert await inbox.put([message("a1"), message("a2"), message("b1", "2")]) == 3
        assert {await lease(inbox), await lease(inbox)} == {"a1", "b1"}
        assert await lease(inbox) is None
        await inbox.finish("a1", State.DONE)
        assert await lease(inbox) == "a2"

    run(test())


def test_a_known_wamid_is_not_new_even_when_it_is_done(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        assert await inbox.put([message("a")]) == 1
        assert await inbox.put([message("a"), message("b")]) == 1
        await lease(inbox)
        await inbox.finish("a", State.DONE)
        assert await inbox.put([message("a")]) == 0
        assert await inbox.waiting() == 1

    run(test())


def test_it_is_remembered_for_eight_days(make: Make, clock: Clock) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([message("a")])
        await lease(inbox)
        await inbox.finish("a", State.DONE)
        clock.now += 7.9 * 86400
        await inbox.forget()
        assert await inbox.put([message("a")]) == 0
        clock.now += 0.2 * 86400
        await inbox.forget()
        assert await inbox.put([message("a")]) == 1

    run(test())


def test_a_lease_that_ends_gives_the_job_back_as_it_was_saved(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
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
        inbox = await make()
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
        inbox = await make(2)
        await inbox.put([message("a")])
        with pytest.raises(InboxFull):
            await inbox.put([message("b"), message("c")])
        assert await inbox.waiting() == 1
        assert await inbox.put([message("a"), message("b")]) == 1

    run(test())


def test_what_failed_becomes_a_dead_letter_that_can_be_replayed(make: Make, clock: Clock) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([message("a"), message("b")])
        await lease(inbox)
        await inbox.finish("a", State.FAILED)
        letters = await inbox.dead()
        assert [(letter.message, letter.died) for letter in letters] == [(message("a"), 1000.0)]
        assert await inbox.put([message("a")]) == 0
        assert await inbox.replay("a")
        assert not await inbox.replay("a")
        assert await inbox.dead() == []
        assert await lease(inbox) == "b"
        await inbox.finish("b", State.DONE)
        assert await lease(inbox) == "a"
        await inbox.finish("a", State.FAILED)
        clock.now += 7.1 * 86400
        await inbox.forget()
        assert await inbox.dead() == []

    run(test())


def test_a_dead_letter_keeps_the_rest_of_an_answer_and_no_apology(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        for wamid, failed in (("a", False), ("b", True)):
            await inbox.put([message(wamid)])
            job = await inbox.lease(1000, 1060)
            assert job is not None
            await inbox.save(replace(job, state=State.ANSWERED, parts=("x", "y"), sent=1, failed=failed))
            await inbox.finish(wamid, State.FAILED)
        assert [(letter.parts, letter.sent) for letter in await inbox.dead()] == [(("x", "y"), 1), ((), 0)]
        assert await inbox.replay("a")
        assert await inbox.lease(1000, 1060) == Job(message("a"), State.ANSWERED, ("x", "y"), 1)
        await inbox.finish("a", State.DONE)
        assert await inbox.replay("b")
        assert await inbox.lease(1000, 1060) == Job(message("b"))

    run(test())


async def answered(inbox: Inbox, wamid: str, *parts: str) -> None:
    await inbox.put([message(wamid)])
    job = await inbox.lease(1000, 1060)
    assert job is not None
    await inbox.save(replace(job, state=State.ANSWERED, parts=parts, sent=len(parts)))


def test_a_part_that_did_not_arrive_is_put_back_once(make: Make, clock: Clock) -> None:
    async def test() -> None:
        inbox = await make()
        await answered(inbox, "a", "x", "y")
        await inbox.finish("a", State.DONE)
        clock.now += KEEP_SENT - 1
        await inbox.forget()
        assert await inbox.resend("a", 2, 2000)
        assert [await inbox.resend(*which, 2000) for which in (("a", 2), ("a", 0), ("a", 3), ("b", 1))] == [False] * 4
        assert await inbox.waiting() == 1
        assert await lease(inbox, 1999) is None
        job = await inbox.lease(2000, 2060)
        assert job == Job(Message("again:a:2", "1", AGAIN, None, None), State.ANSWERED, ("y",))
        await inbox.finish("again:a:2", State.DONE)
        clock.now += 1
        await inbox.forget()
        assert not await inbox.resend("a", 1, 2000)
        assert await inbox.resend("again:a:2", 1, 2000)

    run(test())


def test_a_part_of_an_answer_under_way_is_put_back_behind_it(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        await answered(inbox, "a", "x", "y")
        await inbox.put([message("b")])
        assert await inbox.resend("a", 1, 1000)
        assert await lease(inbox, 1001) is None
        await inbox.finish("a", State.DONE)
        for wamid in ("b", "again:a:1"):
            assert await lease(inbox) == wamid
            await inbox.finish(wamid, State.DONE)

    run(test())


def test_a_message_is_amended_as_long_as_nobody_has_begun_it(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([message("a1"), message("a2")])
        assert await lease(inbox) == "a1"
        assert [await inbox.amend(wamid, "better") for wamid in ("a1", "a2", "never")] == [False, True, False]
        await inbox.finish("a1", State.DONE)
        job = await inbox.lease(1000, 1060)
        assert job is not None
        assert job.message == message("a2")._replace(text="better")

    run(test())


def test_what_was_given_up_is_counted(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([message("a"), message("b", "2")])
        assert await inbox.given_up() == 0
        wamid = await lease(inbox)
        await inbox.finish(wamid or "", State.FAILED)
        assert (await inbox.given_up(), await inbox.waiting()) == (1, 1)

    run(test())


def test_how_old_the_oldest_is(make: Make, clock: Clock) -> None:
    async def test() -> None:
        inbox = await make()
        assert await inbox.oldest() is None
        await inbox.put([message("a")])
        clock.now += 5
        await inbox.put([message("b", "2")])
        assert await inbox.oldest() == 1000
        assert await lease(inbox) == "a"
        await inbox.finish("a", State.DONE)
        assert await inbox.oldest() == 1005

    run(test())


def test_a_message_is_withdrawn_as_long_as_nobody_has_begun_it(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([message("a1"), message("a2"), message("a3")])
        assert await lease(inbox) == "a1"
        assert not await inbox.withdraw("a1")
        assert await inbox.withdraw("a2")
        assert not await inbox.withdraw("a2")
        await inbox.finish("a1", State.DONE)
        assert await lease(inbox) == "a3"
        assert await inbox.put([message("a2")]) == 0

    run(test())


@pytest.mark.parametrize("wamid", ["never", "a"])
def test_what_is_not_waiting_is_a_key_error(make: Make, wamid: str) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([message("a")])
        await lease(inbox)
        await inbox.finish("a", State.DONE)
        with pytest.raises(KeyError):
            await inbox.extend(wamid, 2000)
        with pytest.raises(KeyError):
            await inbox.save(Job(message(wamid)))
        with pytest.raises(KeyError):
            await inbox.retry(Job(message(wamid)), 2000)
        with pytest.raises(KeyError):
            await inbox.finish(wamid, State.DONE)

    run(test())


def test_a_job_comes_back_just_as_it_was_saved(make: Make) -> None:
    async def test() -> None:
        inbox = await make()
        await inbox.put([Message("a", "1", "text", "سلام\0👨‍👩‍👧", 1_700_000_000)])
        job = await inbox.lease(1000, 1060)
        assert job is not None
        full = replace(job, state=State.ANSWERED, parts=("é", "", "z"), sent=2, tries=3, failed=True, started=12.5)
        await inbox.retry(full, 1001)
        assert await inbox.lease(1001, 1060) == full

    run(test())


def test_many_at_once_are_each_put_once(make: Make) -> None:
    async def test() -> None:
        inbox = await make(1000)
        batches = [[message(f"w{n % 50}", str(n % 7))] for n in range(300)]
        assert sum(await asyncio.gather(*(inbox.put(batch) for batch in batches))) == 50
        assert await inbox.waiting() == 50
        done = 0
        while (job := await inbox.lease(1000, 1060)) is not None:
            await inbox.finish(job.message.wamid, State.DONE)
            done += 1
        assert (done, await inbox.waiting()) == (50, 0)

    run(test())
