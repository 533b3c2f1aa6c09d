"""What every inbox reports of its backlog."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ansari_whatsapp.inbox import Backlog, Inbox, Job, Stage, State
from ansari_whatsapp.inbox.dynamodb.backlog import read_backlog
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.inboxes import INBOXES, Clock, Engine
from tests.ansari_whatsapp.tables import Tables


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "dynamodb"])
def engine(request: pytest.FixtureRequest, clock: Clock) -> Engine:
    made: Engine = INBOXES[request.param](request, clock)
    return made


def message(wamid: str, user: str) -> Message:
    return Message(wamid, user, "text", "a text that nobody else may read", None)


async def leased(inbox: Inbox, now: float = 1000.0) -> Job:
    job = await inbox.lease(now, now + 60)
    assert job is not None
    return job


async def backlog(inbox: Inbox) -> tuple[int, dict[str, int], float | None]:
    found = await inbox.backlog()
    assert found.complete
    return found.users, {stage.value: count for stage, count in found.stages.items() if count}, found.oldest


def test_jobs_are_counted_by_what_happens_to_them(engine: Engine, clock: Clock) -> None:
    async def test() -> None:
        inbox = engine(100)
        await inbox.open()
        assert await backlog(inbox) == (0, {}, None)
        await inbox.put([message("a", "1"), message("b", "1")])
        assert await backlog(inbox) == (1, {"waiting": 2}, 1000.0)
        job = await leased(inbox)
        assert await backlog(inbox) == (1, {"with_backend": 1, "waiting": 1}, 1000.0)
        job = replace(job, state=State.ANSWERED, parts=("x",))
        await inbox.save(job)
        assert await backlog(inbox) == (1, {"being_sent": 1, "waiting": 1}, 1000.0)
        await inbox.retry(job, 1030.0)
        assert await backlog(inbox) == (1, {"retrying": 1, "waiting": 1}, 1000.0)
        clock.now = 1030.0
        assert await backlog(inbox) == (1, {"waiting": 2}, 1000.0)
        await inbox.put([message("c", "2")])
        await leased(inbox, 1030.0)
        clock.now = 1090.0  # its holder was not heard of
        assert await backlog(inbox) == (2, {"waiting": 3}, 1000.0)
        await inbox.aclose()

    asyncio.run(test())


def test_what_was_answered_or_given_up_waits_no_longer(engine: Engine) -> None:
    async def test() -> None:
        inbox = engine(100)
        await inbox.open()
        for wamid, state in (("a", State.DONE), ("b", State.FAILED)):
            await inbox.put([message(wamid, wamid)])
            await inbox.finish(await leased(inbox), state)
        assert await backlog(inbox) == (0, {}, None)
        await inbox.aclose()

    asyncio.run(test())


def test_a_bounded_number_of_boxes_is_read(tables: Tables) -> None:
    tables.create("inbox-bounded")

    async def test() -> Backlog:
        inbox = tables.inbox("inbox-bounded", 100, Clock())
        await inbox.open()
        for number in range(30):
            await inbox.put([message(f"m{number}", f"user {number}")])
        found = await read_backlog(inbox.client, "inbox-bounded", 1000.0, most=2)
        await inbox.aclose()
        return found

    found = asyncio.run(test())
    assert not found.complete
    assert found.users == found.stages[Stage.WAITING] == 8
