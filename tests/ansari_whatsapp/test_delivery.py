"""What becomes of a stored answer that Meta does not take: over HTTP with a local Meta, on an inbox in memory."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.delivery import RESENDS, Delivery
from ansari_whatsapp.graph import Graph
from ansari_whatsapp.inbox import Job, MemoryInbox, State
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.webhook import Message, Status
from tests.ansari_whatsapp.world import CONTROLS, environment, neighbours
from tests.loopback import NO_TLS

users = (f"1555400{number:04}" for number in itertools.count())
QUICK = Clocks(first_retry=0.01, longest_retry=0.04, pause=0.05, busy=0.05, longest_busy=0.1, confirm=0.05, tries=3)


@dataclass(frozen=True)
class Meta:
    url: str
    http: httpx.Client

    def fault(self, **switches: Any) -> None:
        self.http.put(f"{self.url}/_local/faults", json=switches).raise_for_status()

    def mend(self) -> None:
        self.http.delete(f"{self.url}/_local/faults")

    def sent(self, user: str) -> list[str]:
        chat = self.http.get(f"{self.url}/_local/chats/{user}").json()
        return [message["text"] for message in chat["messages"] if message["sender"] == "service"]


@pytest.fixture(scope="module")
def server() -> Iterator[Meta]:
    with (
        neighbours("http://127.0.0.1:9/whatsapp/v2") as (_, meta),
        httpx.Client(verify=NO_TLS, headers=CONTROLS) as http,
    ):
        yield Meta(meta, http)


@pytest.fixture
def meta(server: Meta) -> Iterator[Meta]:
    yield server
    server.mend()


class Sending:
    """One delivery, and what is left in its inbox."""

    def __init__(self, meta: Meta, clocks: Clocks) -> None:
        settings = Settings.from_environment(environment("http://127.0.0.1:9", meta.url, 8001))
        self.inbox = MemoryInbox()
        self.circuit = Circuit(clocks)
        self.graph = Graph(settings)
        self.metrics = Metrics()
        self.delivery = Delivery(self.inbox, self.graph, self.circuit, clocks, self.metrics)

    async def put(self, user: str, *parts: str, written: int | None = None) -> Job:
        message = Message(f"wamid.{user}", user, "text", "a question", written)
        await self.inbox.put([message])
        job = await self.inbox.lease(0.0, 1.0)
        assert job is not None
        job = Job(message, State.ANSWERED, parts)
        await self.inbox.save(job)
        return job

    async def again(self) -> Job | None:
        """Send what is due, whenever that is."""
        job = await self.inbox.lease(1e12, 1e12 + 1)
        if job is not None:
            await self.delivery.deliver(job)
        return job

    async def tried(self, times: int) -> int:
        """Try as often, each time when it may be; how many jobs are left."""
        for _ in range(times):
            if await self.again() is None:
                break
            await asyncio.sleep(self.circuit.left)
        return await self.inbox.waiting()

    def given_up(self) -> float:
        return float(self.metrics.embedded().get("answers_given_up", 0))

    async def status(self, job: Job, part: int, status: str, code: int | None = None) -> None:
        await self.delivery.told(Status("wamid.sent", status, f"{job.message.wamid}:{part}", code))


def run(test: Callable[[Sending], Awaitable[None]], meta: Meta, clocks: Clocks = QUICK) -> None:
    async def whole() -> None:
        sending = Sending(meta, clocks)
        try:
            await test(sending)
        finally:
            await sending.graph.aclose()

    asyncio.run(whole())


@pytest.mark.parametrize("fault", [{"error": {"code": 131000}}, {"reset": {}}, {"error": {"code": 190}}])
def test_nothing_is_given_up_while_nothing_arrives(meta: Meta, fault: dict[str, Any]) -> None:
    user = next(users)
    meta.fault(**fault)

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(user, "one"))
        assert await sending.tried(4 * QUICK.tries) == 1
        meta.mend()
        assert await sending.tried(1) == 0

    run(test, meta)
    assert meta.sent(user) == ["one"]


@pytest.mark.parametrize("code", [131000, 190])
def test_what_fails_while_others_arrive_is_given_up(meta: Meta, code: int) -> None:
    unlucky, lucky = next(users), next(users)
    meta.fault(error={"code": code, "user": unlucky})

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(unlucky, "one"))
        for tries in itertools.count(1):
            await asyncio.sleep(QUICK.pause)  # nothing is sent before that after a refused token
            await sending.graph.send_text(lucky, "hello", f"tag:{tries}")
            sending.circuit.arrived()
            await sending.again()
            if not await sending.inbox.waiting():
                break
        assert tries == QUICK.tries
        letter = (await sending.inbox.dead())[0]
        assert (letter.parts, letter.sent) == (("one",), 0)
        assert sending.given_up() == 1

    run(test, meta)


def test_what_is_too_old_for_meta_is_given_up(meta: Meta) -> None:
    meta.fault(error={"code": 131000})

    async def test(sending: Sending) -> None:
        yesterday = int(time.time() - QUICK.deliver - 5)
        await sending.delivery.deliver(await sending.put(next(users), "one", written=yesterday))
        assert await sending.inbox.waiting() == 0

    run(test, meta)


def test_a_user_who_writes_too_much_waits_as_long_as_it_takes(meta: Meta) -> None:
    held, other = next(users), next(users)
    meta.fault(error={"code": 131056, "user": held})

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(held, "one"))
        for _ in range(2 * QUICK.tries):
            sending.circuit.arrived()
            await sending.again()
        assert await sending.inbox.waiting() == 1
        assert sending.circuit.left == 0
        await sending.delivery.deliver(await sending.put(other, "two"))
        meta.mend()
        assert await sending.tried(3) == 0

    run(test, meta)
    assert (meta.sent(held), meta.sent(other)) == (["one"], ["two"])


@pytest.mark.parametrize("code", [4, 80007, 130429])
def test_too_many_calls_let_everybody_wait_and_nobody_call(meta: Meta, code: int) -> None:
    first, second = next(users), next(users)
    meta.fault(error={"code": code, "times": 1})
    clocks = Clocks(first_retry=0.2, busy=0.2, longest_busy=0.2)

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(first, "one"))
        assert 0 < sending.circuit.left <= 0.2
        await sending.delivery.deliver(await sending.put(second, "two"))
        assert meta.sent(second) == []
        assert await sending.tried(3) == 0

    run(test, meta, clocks)
    assert (meta.sent(first), meta.sent(second)) == (["one"], ["two"])


def test_a_status_that_comes_late_settles_a_doubt_too(meta: Meta) -> None:
    user = next(users)
    meta.fault(accept_and_drop={"times": 1})

    async def test(sending: Sending) -> None:
        job = await sending.put(user, "one", "two")
        await sending.delivery.deliver(job)  # no status within the time: it will be sent again
        await sending.status(job, 1, "sent")
        assert await sending.tried(3) == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "two"]


def test_a_doubt_that_no_status_settles_is_sent_again(meta: Meta) -> None:
    user = next(users)
    meta.fault(reset={"times": 2})

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(user, "one"))
        assert await sending.tried(3) == 0

    run(test, meta)
    assert meta.sent(user) == ["one"]


def test_a_status_that_says_failed_ends_a_doubt(meta: Meta) -> None:
    user = next(users)
    meta.fault(accept_and_drop={"times": 1})

    async def test(sending: Sending) -> None:
        job = await sending.put(user, "one")
        await sending.delivery.deliver(job)
        await sending.status(job, 1, "failed", 131026)
        assert await sending.tried(2) == 0
        assert sending.given_up() == 1

    run(test, meta)


def test_a_status_may_say_failed_before_its_own_part_is_answered(meta: Meta) -> None:
    user = next(users)
    meta.fault(latency={"seconds": 0.5, "times": 1})

    async def test(sending: Sending) -> None:
        job = await sending.put(user, "one")
        under_way = asyncio.create_task(sending.delivery.deliver(job))
        await asyncio.sleep(0.1)
        await sending.status(job, 1, "failed", 131000)
        await under_way
        assert await sending.tried(2) == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "one"]


def test_a_part_that_meta_took_and_did_not_deliver_is_sent_once_more(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        job = await sending.put(user, "one", "two")
        await sending.delivery.deliver(job)
        for _ in range(2):  # Meta may tell it more than once
            await sending.status(job, 2, "failed", 131000)
        assert await sending.tried(3) == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "two", "two"]


def test_a_part_is_not_sent_for_ever(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        job: Job | None = await sending.put(user, "one")
        assert job is not None
        await sending.delivery.deliver(job)
        while job is not None:
            await sending.status(job, 1, "failed", 131000)
            job = await sending.again()
        assert sending.given_up() == 1

    run(test, meta)
    assert meta.sent(user) == ["one"] * (1 + RESENDS)


@pytest.mark.parametrize(
    ("code", "paused", "held"), [(131042, True, True), (130429, False, True), (131056, False, False)]
)
def test_a_status_can_let_everybody_wait(meta: Meta, code: int, paused: bool, held: bool) -> None:
    async def test(sending: Sending) -> None:
        job = await sending.put(next(users), "one")
        await sending.delivery.deliver(job)
        await sending.status(job, 1, "failed", code)
        assert (sending.circuit.paused, sending.circuit.left > 0) == (paused, held)
        assert await sending.inbox.waiting() == 1

    run(test, meta, Clocks())


@pytest.mark.parametrize("code", [131026, None])
def test_what_cannot_arrive_is_not_sent_again(meta: Meta, code: int | None) -> None:
    async def test(sending: Sending) -> None:
        job = await sending.put(next(users), "one")
        await sending.delivery.deliver(job)
        await sending.status(job, 1, "failed", code)
        assert await sending.inbox.waiting() == 0

    run(test, meta)


@pytest.mark.parametrize("tag", [None, "", "x", ":", "x:", ":1", "x:-1", "x:1:", "x:²", "unknown:1"])
def test_a_tag_that_is_not_ours_changes_nothing(meta: Meta, tag: str | None) -> None:
    async def test(sending: Sending) -> None:
        await sending.delivery.told(Status("wamid.s", "failed", tag, 131000))
        assert await sending.inbox.waiting() == 0

    run(test, meta)
