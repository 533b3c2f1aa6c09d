"""What becomes of a stored answer that Meta does not take: over HTTP with a local Meta, on an inbox in memory."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.delivery import RESENDS, Delivery
from ansari_whatsapp.graph import Graph
from ansari_whatsapp.inbox import Job, LeaseLost, MemoryInbox, State
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.webhook import Message, Status
from tests.ansari_whatsapp.world import CONTROLS, WITHIN, environment, neighbours
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

    def __init__(self, meta: Meta, clocks: Clocks, inbox: MemoryInbox | None = None) -> None:
        settings = Settings.from_environment(environment("http://127.0.0.1:9", meta.url, 8001))
        self.inbox = inbox or MemoryInbox()
        self.circuit = Circuit(clocks)
        self.graph = Graph(settings)
        self.metrics = Metrics()
        self.delivery = Delivery(self.inbox, self.graph, self.circuit, clocks, self.metrics)

    async def put(self, user: str, *parts: str, written: int | None = None) -> Lease:
        """A message with a stored answer, of which nothing was sent."""
        await self.inbox.put([Message(f"wamid.{user}", user, "text", "a question", written)])
        lease = await self.take(0.0)
        assert lease is not None
        await lease.save(replace(lease.job, state=State.ANSWERED, parts=parts))
        return lease

    async def take(self, now: float) -> Lease | None:
        """Lease what is due at `now`."""
        job = await self.inbox.lease(now, now + 1)
        return None if job is None else Lease(self.inbox, job, 60, time.time() + 60)

    async def taken_over(self, lease: Lease) -> Lease:
        """The job as another process has it, after the death of this one."""
        other = await self.take(1e12)
        assert other is not None
        assert (other.job.message, other.job.deaths) == (lease.job.message, 1)
        return other

    async def again(self) -> Job | None:
        """Send what is due, whenever that is."""
        lease = await self.take(1e12)
        if lease is None:
            return None
        await self.delivery.deliver(lease, resumed=True)
        return lease.job

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
        await self.delivery.told(Status("wamid.sent", status, self.inbox.tag(job, part), code))


def run(
    test: Callable[[Sending], Awaitable[None]],
    meta: Meta,
    clocks: Clocks = QUICK,
    inbox: MemoryInbox | None = None,
) -> None:
    async def whole() -> None:
        sending = Sending(meta, clocks, inbox)
        try:
            await test(sending)
        finally:
            await sending.graph.aclose()

    asyncio.run(whole())


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.01)


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
        lease = await sending.put(user, "one", "two")
        await sending.delivery.deliver(lease)  # no status within the time: it will be sent again
        await sending.status(lease.job, 1, "sent")
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
        lease = await sending.put(user, "one")
        await sending.delivery.deliver(lease)
        await sending.status(lease.job, 1, "failed", 131026)
        assert await sending.tried(2) == 0
        assert sending.given_up() == 1

    run(test, meta)


def test_a_status_may_say_failed_before_its_own_part_is_answered(meta: Meta) -> None:
    user = next(users)
    meta.fault(latency={"seconds": 0.5, "times": 1})

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one")
        under_way = asyncio.create_task(sending.delivery.deliver(lease))
        await asyncio.sleep(0.1)
        await sending.status(lease.job, 1, "failed", 131000)
        await under_way
        assert await sending.tried(2) == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "one"]


def test_a_part_that_meta_took_and_did_not_deliver_is_sent_once_more(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one", "two")
        await sending.delivery.deliver(lease)
        for _ in range(2):  # Meta may tell it more than once
            await sending.status(lease.job, 2, "failed", 131000)
        assert await sending.tried(3) == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "two", "two"]


def test_a_part_is_not_sent_for_ever(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one")
        await sending.delivery.deliver(lease)
        job: Job | None = lease.job
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
        lease = await sending.put(next(users), "one")
        await sending.delivery.deliver(lease)
        await sending.status(lease.job, 1, "failed", code)
        assert (sending.circuit.paused, sending.circuit.left > 0) == (paused, held)
        assert await sending.inbox.waiting() == 1

    run(test, meta, Clocks())


@pytest.mark.parametrize("code", [131026, None])
def test_what_cannot_arrive_is_not_sent_again(meta: Meta, code: int | None) -> None:
    async def test(sending: Sending) -> None:
        lease = await sending.put(next(users), "one")
        await sending.delivery.deliver(lease)
        await sending.status(lease.job, 1, "failed", code)
        assert await sending.inbox.waiting() == 0

    run(test, meta)


@pytest.mark.parametrize("code", [131000, 131042, 130429, 80007, 190])
@pytest.mark.parametrize("tag", [None, "", "x", ":", "x:", ":1", "x:-1", "x:1:", "x:²", "unknown:1", "1:0:user"])
def test_a_tag_that_is_not_ours_changes_nothing(meta: Meta, tag: str | None, code: int) -> None:
    async def test(sending: Sending) -> None:
        await sending.delivery.told(Status("wamid.s", "failed", tag, code))
        assert await sending.inbox.waiting() == 0
        assert (sending.circuit.paused, sending.circuit.left, sending.circuit.refused) == (False, 0.0, "")

    run(test, meta)


def test_a_status_that_comes_while_it_is_waited_for_settles_a_doubt(meta: Meta) -> None:
    user = next(users)
    meta.fault(accept_and_drop={"times": 1})

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one", "two")
        under_way = asyncio.create_task(sending.delivery.deliver(lease))
        await eventually(lambda: lease.sending)
        await sending.status(lease.job, 1, "sent")
        await under_way
        assert await sending.inbox.waiting() == 0

    run(test, meta, replace(QUICK, confirm=60))
    assert meta.sent(user) == ["one", "two"]


def test_a_failure_that_settles_a_doubt_sends_the_part_once_more(meta: Meta) -> None:
    user = next(users)
    meta.fault(accept_and_drop={"times": 1})

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one")
        under_way = asyncio.create_task(sending.delivery.deliver(lease))
        await eventually(lambda: lease.sending)
        await sending.status(lease.job, 1, "failed", 131000)
        await under_way
        assert await sending.tried(3) == 0

    run(test, meta, replace(QUICK, confirm=60))
    assert meta.sent(user) == ["one", "one"]


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "played"])
def test_a_part_that_a_dead_process_sent_is_not_sent_again(meta: Meta, status: str) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one", "two")
        await sending.status(lease.job, 1, status)
        await sending.delivery.deliver(await sending.taken_over(lease), resumed=True)
        assert await sending.inbox.waiting() == 0

    run(test, meta)
    assert meta.sent(user) == ["two"]


def test_a_part_that_a_dead_process_may_have_sent_is_sent_without_a_status(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one", "two")
        await sending.delivery.deliver(await sending.taken_over(lease), resumed=True)
        assert await sending.inbox.waiting() == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "two"]


@pytest.mark.parametrize("code", [131000, 131026, None])
@pytest.mark.parametrize("by_webhook", [True, False])
def test_a_part_of_a_dead_process_that_did_not_arrive_is_sent_once(
    meta: Meta, code: int | None, by_webhook: bool
) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one", "two")
        if by_webhook:
            await sending.status(lease.job, 1, "failed", code)
        else:  # the process died before it could queue the part again
            await sending.inbox.settle(Status("wamid.sent", "failed", sending.inbox.tag(lease.job, 1), code))
        await sending.delivery.deliver(await sending.taken_over(lease), resumed=True)
        assert await sending.tried(3) == 0
        assert sending.given_up() == 0

    run(test, meta)
    assert sorted(meta.sent(user)) == ["one", "two"]


def test_a_status_of_an_earlier_sending_settles_no_doubt(meta: Meta) -> None:
    user = next(users)
    meta.fault(reset={"times": 1})

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one")
        await sending.inbox.settle(Status("wamid.sent", "failed", sending.inbox.tag(lease.job, 1), 131026))
        await sending.delivery.deliver(await sending.taken_over(lease), resumed=True)
        assert sending.given_up() == 0
        assert await sending.inbox.waiting() == 1

    run(test, meta)


def test_how_often_a_user_had_to_wait_is_kept_with_the_user(meta: Meta) -> None:
    user = next(users)
    meta.fault(error={"code": 131056, "user": user, "times": 2})

    async def held(sending: Sending) -> int:
        lease = await sending.take(1e12)
        assert lease is not None
        await sending.inbox.retry(lease.job, 0.0)
        return lease.job.profile.held

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(user, "one", "two"))
        assert await held(sending) == 1
        await sending.again()
        assert await held(sending) == 2
        await sending.again()
        await sending.inbox.put([Message("wamid.next", user, "text", "x", None)])
        assert await held(sending) == 0

    run(test, meta)
    assert meta.sent(user) == ["one", "two"]


class Counting(MemoryInbox):
    """Counts what is stored."""

    saved = 0

    async def save(self, job: Job) -> None:
        self.saved += 1
        await super().save(job)


@pytest.mark.parametrize("parts", [("one",), ("one", "two", "three")])
def test_the_last_part_is_stored_together_with_the_end(meta: Meta, parts: tuple[str, ...]) -> None:
    user, inbox = next(users), Counting()

    async def test(sending: Sending) -> None:
        await sending.delivery.deliver(await sending.put(user, *parts))

    run(test, meta, inbox=inbox)
    assert inbox.saved == len(parts)  # the answer, and each part but the last
    assert meta.sent(user) == list(parts)


def test_nothing_is_sent_with_a_lease_that_another_has(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one")
        slept = Lease(sending.inbox, lease.job, 60, until=time.time() - 1)
        await sending.taken_over(lease)
        with pytest.raises(LeaseLost):
            await sending.delivery.deliver(slept)

    run(test, meta)
    assert meta.sent(user) == []


def test_a_lease_that_ended_is_extended_before_a_part_is_sent(meta: Meta) -> None:
    user = next(users)

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one")
        slept = Lease(sending.inbox, lease.job, 60, until=time.time() - 1)
        await sending.delivery.deliver(slept)
        assert slept.left > 0

    run(test, meta)
    assert meta.sent(user) == ["one"]


def test_a_delivery_that_is_to_stop_stops_between_two_parts(meta: Meta) -> None:
    user = next(users)
    meta.fault(latency={"seconds": 0.5, "times": 1})

    async def test(sending: Sending) -> None:
        lease = await sending.put(user, "one", "two")
        under_way = asyncio.create_task(sending.delivery.deliver(lease))
        await eventually(lambda: lease.sending)
        lease.stopping = True
        await under_way
        assert (lease.held, lease.sending, lease.job.sent) == (True, False, 1)

    run(test, meta)
    assert meta.sent(user) == ["one"]
