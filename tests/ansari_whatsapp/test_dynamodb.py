"""What the table holds of people, and for how long; what a reply that is lost does."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from ansari_whatsapp.inbox import Job, LeaseLost, State, Turn
from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.inbox.dynamodb.inbox import DynamoInbox
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.inboxes import Clock
from tests.ansari_whatsapp.tables import INBOX_KEY, REGION, Tables

USER = "15550000001"
_numbers = itertools.count(1)


class LosesReplies(Client):
    """A client whose next `lose` replies are lost after DynamoDB has done the work."""

    lose = 0

    async def _once(self, operation: str, body: bytes) -> dict[str, Any]:
        answer = await super()._once(operation, body)
        if self.lose and operation == "UpdateItem":
            self.lose -= 1
            return await super()._once(operation, body)
        return answer


@pytest.fixture
def name(tables: Tables) -> str:
    made = f"table-{next(_numbers)}"
    tables.create(made)
    return made


@asynccontextmanager
async def opened(tables: Tables, name: str, clock: Clock, client: Client | None = None) -> Any:
    inbox = DynamoInbox(client or tables.client(), name, INBOX_KEY, 100, clock, commit_seconds=60)
    await inbox.open()
    try:
        yield inbox
    finally:
        await inbox.aclose()


def everything(tables: Tables, name: str) -> str:
    """Every item of the table, as text."""
    return json.dumps(tables.boto().scan(TableName=name)["Items"], default=lambda value: value.decode("latin-1"))


def message(wamid: str) -> Message:
    return Message(f"wamid.{wamid}", USER, "text", f"a secret question {wamid}", 1000)


async def answer(inbox: DynamoInbox, wamid: str, now: float) -> Job:
    accepted = await inbox.put([message(wamid)], until=now + 55, room=1)
    [job] = accepted.leased
    job = replace(job, state=State.ANSWERED, parts=(f"a secret answer {wamid}",))
    await inbox.save(job)
    await inbox.finish(replace(job, sent=1), State.DONE)
    return job


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_a_minute_after_an_answer_the_table_holds_nothing_of_its_user(tables: Tables, name: str) -> None:
    clock = Clock()

    async def test() -> None:
        async with opened(tables, name, clock) as inbox:
            await answer(inbox, "1", clock.now)
            assert USER in everything(tables, name)
            clock.now += 60
            assert await inbox.lease(clock.now, clock.now + 55) is None
            left = everything(tables, name)
            assert USER not in left
            assert "wamid" not in left
            assert '"ans"' not in left
            assert '"l_' not in left, "the answer to a message that ended"

    run(test())


def test_somebody_who_writes_all_the_time_has_no_old_answer_in_the_table(tables: Tables, name: str) -> None:
    clock = Clock()

    async def test() -> None:
        async with opened(tables, name, clock) as inbox:
            for number in range(6):
                await answer(inbox, str(number), clock.now)
                clock.now += 25
                await inbox.forget()
            [box] = [item for item in tables.boto().scan(TableName=name)["Items"] if item["sk"]["S"] == "box"]
            assert len([attribute for attribute in box if attribute.startswith("l_")]) <= 3

    run(test())


def test_another_instance_cleans_up_after_a_death(tables: Tables, name: str) -> None:
    clock = Clock()

    async def test() -> None:
        dead = DynamoInbox(tables.client(), name, INBOX_KEY, 100, clock, commit_seconds=60)
        await dead.client.open()
        await answer(dead, "1", clock.now)
        await dead.client.aclose()
        clock.now += 60
        async with opened(tables, name, clock) as inbox:
            assert await inbox.lease(clock.now, clock.now + 55) is None
            assert USER not in everything(tables, name)
            assert (await inbox.put([message("1")], until=clock.now + 55, room=1)).leased == ()

    run(test())


def test_what_is_dead_is_deleted_after_a_week(tables: Tables, name: str) -> None:
    clock = Clock()

    async def test() -> None:
        async with opened(tables, name, clock) as inbox:
            [job] = (await inbox.put([message("1")], until=clock.now + 55, room=1)).leased
            await inbox.finish(job, State.FAILED)
            clock.now += 7 * 86400 + 61
            await inbox.forget()
            await inbox.lease(clock.now, clock.now + 55)
            left = everything(tables, name)
            assert USER not in left
            assert "secret question" not in left

    run(test())


def test_a_write_whose_reply_was_lost_is_recognised(tables: Tables, name: str) -> None:
    """Each write of a whole answer is done twice, as after a lost reply; each counts once."""
    clock = Clock()

    async def test() -> None:
        client = LosesReplies(REGION, tables.url, tables.session())
        async with opened(tables, name, clock, client) as inbox:
            client.lose = 1
            accepted = await inbox.put([message("1")], until=clock.now + 55, room=1)
            assert accepted.new == 1
            [job] = accepted.leased
            client.lose = 1
            await inbox.put([message("2")])
            job = replace(job, state=State.ANSWERED, parts=("x", "y"))
            client.lose = 1
            await inbox.save(job)
            client.lose = 1
            following = await inbox.finish(replace(job, sent=2), State.DONE)
            assert following is not None
            assert following.message == message("2")
            client.lose = 1
            assert await inbox.finish(following, State.DONE) is None
            with pytest.raises(LeaseLost):
                await inbox.finish(following, State.DONE)
            assert await inbox.waiting() == 0

    run(test())


def test_a_lease_whose_reply_was_lost_is_held(tables: Tables, name: str) -> None:
    clock = Clock()

    async def test() -> None:
        client = LosesReplies(REGION, tables.url, tables.session())
        async with opened(tables, name, clock, client) as inbox:
            await inbox.put([message("1")])
            client.lose = 1
            job = await inbox.lease(clock.now, clock.now + 55)
            assert job is not None
            assert job.deaths == 0
            await inbox.extend(job, clock.now + 100)

    run(test())


class Interrupted(Client):
    """A client that does something else once, after it has read a marker."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def call(self, operation: str, request: dict[str, Any], within: float = 10.0) -> dict[str, Any]:
        answer = await super().call(operation, request, within)
        if operation == "GetItem" and request["Key"]["sk"]["S"].startswith("m#") and self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return answer


def test_the_message_behind_one_that_was_answered_long_ago_is_leased_at_once(tables: Tables, name: str) -> None:
    """Meta delivers an answered message again, and its writer's next message comes while that is found out."""
    clock = Clock()

    async def test() -> None:
        client = Interrupted(REGION, tables.url, tables.session())
        async with opened(tables, name, clock) as other, opened(tables, name, clock, client) as inbox:
            await answer(other, "1", clock.now)
            clock.now += 120
            await other.lease(clock.now, clock.now + 55)

            async def next_message() -> None:
                while not await other.waiting():  # noqa: ASYNC110 -- another inbox writes it
                    await asyncio.sleep(0.01)
                await other.put([message("2")])

            client.meanwhile = next_message
            accepted = await inbox.put([message("1")], until=clock.now + 55, room=1)
            assert [job.message for job in accepted.leased] == [message("2")]
            await inbox.finish(accepted.leased[0], State.DONE)

    run(test())


@pytest.mark.parametrize("by_put", [False, True], ids=["lease", "put"])
def test_a_lease_that_ends_before_its_message_is_known_is_another_lessee_s(
    tables: Tables, name: str, by_put: bool
) -> None:
    """A process is stopped past the end of its lease, after it has read that the message was answered long ago."""
    clock = Clock()

    async def test() -> None:
        client = Interrupted(REGION, tables.url, tables.session())
        async with opened(tables, name, clock) as other, opened(tables, name, clock, client) as inbox:
            await answer(other, "1", clock.now)
            clock.now += 120
            await other.lease(clock.now, clock.now + 55)
            until, user = clock.now + 55, other.name_of(USER)

            async def sleep() -> None:
                while not await other.waiting():  # noqa: ASYNC110 -- another inbox writes it
                    await asyncio.sleep(0.01)
                assert (await other.lease_user(user, until + 1, until + 56)).job is None

            if not by_put:
                await inbox.put([message("1")])
            client.meanwhile = sleep
            if by_put:
                accepted = await inbox.put([message("1")], until=until, room=1)
                assert (accepted.new, accepted.leased) == (0, ())
            else:
                turn = await inbox.lease_user(user, clock.now, until)
                assert (turn.job, turn.due) == (None, clock.now)
            await inbox.put([message("2")])
            assert (await inbox.lease_user(user, until + 2, until + 57)).job.message == message("2")

    run(test())


class RepliesLate(Client):
    """A client that loses the next reply, and does something before it repeats the call."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def _once(self, operation: str, body: bytes) -> dict[str, Any]:
        answer = await super()._once(operation, body)
        if self.meanwhile and operation == "UpdateItem":
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
            return await super()._once(operation, body)
        return answer


def test_a_lost_reply_to_an_end_gives_no_lease_that_another_has_by_now(tables: Tables, name: str) -> None:
    """The user's next message was leased by another instance before the call was repeated."""
    clock = Clock()

    async def test() -> None:
        client = RepliesLate(REGION, tables.url, tables.session())
        async with opened(tables, name, clock) as other, opened(tables, name, clock, client) as inbox:
            until, user = clock.now + 55, other.name_of(USER)
            [job] = (await inbox.put([message("1")], until=until, room=1)).leased
            await inbox.put([message("2")])
            job = replace(job, state=State.ANSWERED, parts=("a secret answer",))
            await inbox.save(job)
            taken: list[Job | None] = []

            async def lease() -> None:
                taken.append((await other.lease_user(user, until + 1, until + 56)).job)

            client.meanwhile = lease
            assert await inbox.finish(replace(job, sent=1), State.DONE) is None
            [next_job] = taken
            assert next_job is not None
            assert next_job.message.wamid == "wamid.2"
            await other.finish(replace(next_job, sent=1), State.DONE)

    run(test())


class Silent(Client):
    """A client that gets no answer to writes while it is `silent`."""

    silent = False

    async def _once(self, operation: str, body: bytes) -> dict[str, Any]:
        if self.silent and operation == "UpdateItem":
            await asyncio.Event().wait()
        return await super()._once(operation, body)


def test_a_job_that_could_not_be_handed_over_in_time_still_waits_as_long(tables: Tables, name: str) -> None:
    """Its part may have been sent: another instance has to wait for the status."""
    clock = Clock()

    async def test() -> None:
        client = Silent(REGION, tables.url, tables.session())
        async with opened(tables, name, clock) as other:
            async with opened(tables, name, clock, client) as inbox:
                [job] = (await inbox.put([message("1")], until=clock.now + 55, room=1)).leased
                job = replace(job, state=State.ANSWERED, parts=("a secret answer",))
                await inbox.save(job)
                client.silent = True
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await inbox.retry(job, clock.now + 10)
                client.silent = False
            user = other.name_of(USER)
            assert await other.lease_user(user, clock.now, clock.now + 55) == Turn(due=clock.now + 10)
            job = (await other.lease_user(user, clock.now + 10, clock.now + 65)).job
            assert (job.parts, job.deaths) == (("a secret answer",), 0)

    run(test())
