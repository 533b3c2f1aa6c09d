"""The work of a shared inbox goes to the instance that holds a request."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from sanic import HTTPResponse, Request

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.cpu import CpuState
from ansari_whatsapp.held_requests import BEGIN_WITHIN, HELD_AT_MOST
from ansari_whatsapp.inbox import Job, State
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.webhook import Message
from ansari_whatsapp.work import Work
from ansari_whatsapp.work_order import NAMES_AT_MOST, Order, token_of
from ansari_whatsapp.worker import Leasing, Worker
from tests.ansari_whatsapp.eager import Eager
from tests.ansari_whatsapp.receiving import names_in, receiving
from tests.ansari_whatsapp.tables import INBOX_KEY, REGION, Tables
from tests.ansari_whatsapp.world import (
    APP_SECRET,
    USER,
    WITHIN,
    World,
    running,
    until,
)

TOKEN = token_of(APP_SECRET)
NOBODY = "http://127.0.0.1:9"
OTHER = "15550000002"

METRICS_TOKEN = "metrics-token-0123456789"


@contextmanager
def sharing(tables: Tables, name: str, **more: str) -> Iterator[World]:
    """A service on a table."""
    tables.create(name)
    table = {"INBOX_URL": f"dynamodb://{name}?region={REGION}", "INBOX_KEY": INBOX_KEY, "COMMIT_SECONDS": "20"}
    variables: dict[str, Any] = {**table, **tables.environ, **more}
    with running(**variables) as world:
        yield world


def ask(world: World, body: bytes, token: str = TOKEN) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return world.http.post(f"{world.service}/work", content=body, headers=headers, timeout=60).status_code


class TestOverHttp:
    def test_a_request_goes_to_the_learned_address_and_names_nobody(self, tables: Tables) -> None:
        with sharing(tables, "work-learned", METRICS_TOKEN=METRICS_TOKEN) as world:
            assert ready(world)["cpu"] == "unknown"
            world.fault("backend", first_chunk_delay={"seconds": 0.5})
            said = world.say("hello")
            assert world.answer(USER, said["wamid"])
            assert ready(world)["cpu"] == "held"
            headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
            until(lambda: 'outcome="held"' in world.http.get(f"{world.service}/metrics", headers=headers).text)

    def test_only_instances_of_the_service_bring_work(self, tables: Tables) -> None:
        with sharing(tables, "work-token") as world:
            for token in ("-", "x", TOKEN[:-1], token_of("another-secret-0123456789"), APP_SECRET):
                assert ask(world, Order().encode(), token) == 303
            assert ask(world, Order().encode()) == 204
            assert ask(world, Order(instance="another").encode()) == 409
            many = json.dumps({"users": ["x"] * (NAMES_AT_MOST + 1), "instance": ""}).encode()
            for body in (
                b"",
                b"[]",
                b"{}",
                b'{"users": [1], "instance": ""}',
                b'{"users": [""], "instance": ""}',
                many,
            ):
                assert ask(world, body) == 400

    def test_the_secret_before_is_accepted_too(self, tables: Tables) -> None:
        before = "secret-before-0123456789"
        with sharing(tables, "work-before", META_APP_SECRET_PREVIOUS=before) as world:
            assert ask(world, Order().encode(), token_of(before)) == 204

    def test_an_instance_that_reaches_nobody_does_the_work_itself(self, tables: Tables) -> None:
        with sharing(tables, "work-nobody", PUBLIC_URL=NOBODY) as world:
            assert world.ask("hello")
            assert ready(world)["cpu"] == "unheld"
            assert world.ask("hello again")
            assert any("the CPU may be throttled" in line for line in world.output)

    def test_with_an_idle_cpu_there_is_no_such_route(self, tables: Tables) -> None:
        with sharing(tables, "work-idle", IDLE_CPU="true", PUBLIC_URL=NOBODY) as world:
            assert ask(world, Order().encode()) == 303
            assert world.ask("hello")
            assert ready(world)["cpu"] == "idle_cpu"

    def test_what_a_stop_leaves_is_brought_to_another_instance(self, tables: Tables) -> None:
        with receiving() as (url, got), sharing(tables, "work-left", PUBLIC_URL=url, DRAIN_SECONDS="0.2") as world:
            world.fault("backend", first_chunk_delay={"seconds": 20.0})
            assert world.say("hello")["delivered"]
            until(lambda: got)
            first = Order.decode(got[0])
            with ThreadPoolExecutor(1) as pool, suppress(httpx.TransportError):
                held = pool.submit(ask, world, got[0])
                until(lambda: world.asked(USER) == ["hello"])
                world.process.send_signal(signal.SIGTERM)
                held.result(WITHIN)
            world.process.wait(20)
            assert len(got) > 1
            assert Order.decode(got[-1]) == first
            assert re.fullmatch(r"[A-Za-z0-9_-]{20}", first.users[0])  # a hash


def ready(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.http.get(f"{world.service}/ready").json()
    return found


@dataclass
class Working:
    """Stands for the worker: each job is answered when the test says so."""

    inbox: Eager
    draining: bool = False
    room_left: int = 1000
    running: dict[str, asyncio.Event] = field(default_factory=dict)
    begun: int = 0
    leasing: Leasing | None = None

    @property
    def under_way(self) -> int:
        return len(self.running)

    def start(self, leasing: Leasing) -> None:
        self.leasing = leasing

    def look(self) -> None:
        self.begun += 1

    async def begin(self) -> None:
        self.begun += 1

    @contextmanager
    def room(self, wanted: int) -> Iterator[int]:
        yield min(wanted, self.room_left)

    def lease_until(self, now: float) -> float:
        return now + 60

    def take(self, job: Job, until: float) -> asyncio.Task[None]:
        del until
        wamid, done = job.message.wamid, asyncio.Event()
        self.running[wamid] = done

        async def answer() -> None:
            await done.wait()
            await self.inbox.finish(job, State.DONE)

        def ended(_: object) -> None:
            del self.running[wamid]
            assert self.leasing is not None
            self.leasing.ended(job, None)

        task = asyncio.create_task(answer())
        task.add_done_callback(ended)
        return task


@dataclass
class Case:
    work: Work
    worker: Working
    inbox: Eager
    metrics: Metrics
    now: float = 1000.0

    async def put(self, user: str, wamid: str) -> str:
        """Store a message; return the name of its user."""
        await self.inbox.put([Message(wamid, user, "text", "x", None)])
        return self.inbox.name_of(user)

    def serve(self, *names: str, instance: str = "") -> asyncio.Task[HTTPResponse]:
        """Let the instance get a request that names these users."""
        request = SimpleNamespace(
            headers={"authorization": f"Bearer {TOKEN}"},
            body=Order(names, instance).encode(),
            protocol=SimpleNamespace(response_timeout=30),
            app=SimpleNamespace(config=SimpleNamespace(RESPONSE_TIMEOUT=30)),
        )
        return asyncio.create_task(self.work.serve(cast(Request, request)))


@asynccontextmanager
async def made(url: str) -> AsyncIterator[Case]:
    inbox, metrics = Eager(), Metrics()
    inbox.poll = 600.0
    worker = Working(inbox)
    address = PublicAddress(url, local=True)
    case: Case

    def clock() -> float:
        return case.now

    keeper = Work(address, [TOKEN], inbox, cast(Worker, worker), Circuit(Clocks()), metrics, clock=clock)
    case = Case(keeper, worker, inbox, metrics)
    keeper.start()
    try:
        yield case
    finally:
        for done in worker.running.values():
            done.set()
        await keeper.stop()


async def eventually(true: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.01)


class TestWork:
    def test_a_request_is_held_until_its_job_is_done(self) -> None:
        async def test(url: str) -> None:
            async with made(url) as case:
                held = case.serve(await case.put(USER, "1"))
                await eventually(lambda: case.worker.running)
                await asyncio.sleep(0.05)
                assert not held.done()
                assert case.work.state is CpuState.HELD
                case.worker.running["1"].set()
                assert (await held).status == 204

        with receiving() as (url, got):
            asyncio.run(test(url))
        assert got == []

    def test_a_request_without_work_ends_at_once(self) -> None:
        async def test() -> None:
            async with made(NOBODY) as case:
                assert (await case.serve(case.inbox.name_of(USER))).status == 204

        asyncio.run(test())

    def test_what_another_lessee_has_is_brought_to_an_instance_when_that_lease_ends(self) -> None:
        async def test(url: str, got: list[bytes]) -> None:
            async with made(url) as case:
                name = await case.put(USER, "1")
                now = time.time()
                assert await case.inbox.lease(now, now + 0.5) is not None
                held = case.serve(name)
                await eventually(lambda: got)
                assert (await held).status == 204
                assert names_in(got) == [name]

        with receiving() as (url, got):
            asyncio.run(test(url, got))

    def test_what_there_is_no_room_for_is_brought_elsewhere(self) -> None:
        async def test(url: str, got: list[bytes]) -> None:
            async with made(url) as case:
                case.worker.room_left = 1
                names = [await case.put(USER, "1"), await case.put(OTHER, "2")]
                held = case.serve(*names)
                await eventually(lambda: got)
                assert (names_in(got), list(case.worker.running)) == ([names[1]], ["1"])
                case.worker.running["1"].set()
                assert (await held).status == 204

        with receiving() as (url, got):
            asyncio.run(test(url, got))

    def test_a_job_that_has_to_wait_is_brought_to_an_instance_when_it_is_due(self) -> None:
        async def test(url: str, got: list[bytes]) -> None:
            async with made(url) as case:
                message = Message("1", USER, "text", "x", None)
                case.work.ended(Job(message), time.time() + 0.2)
                await eventually(lambda: got)
                assert names_in(got) == [case.inbox.name_of(USER)]

        with receiving() as (url, got):
            asyncio.run(test(url, got))

    def test_users_that_are_announced_together_share_requests_and_no_answer_is_waited_for(self) -> None:
        async def test(url: str, got: list[bytes]) -> None:
            async with made(url) as case:
                names = [f"name-{number}" for number in range(100)]
                await asyncio.gather(*(case.work.announce([name]) for name in names))
                await eventually(lambda: sorted(names_in(got)) == sorted(names))
                assert len(got) < len(names) / 10
                release.set()

        release = threading.Event()
        with receiving(lambda: release.wait(WITHIN)) as (url, got):
            asyncio.run(test(url, got))

    def test_of_many_held_requests_the_oldest_ends(self) -> None:
        async def test(url: str) -> None:
            async with made(url) as case:
                held = [case.serve(await case.put(f"1555000{n}", str(n))) for n in range(HELD_AT_MOST + 1)]
                await eventually(held[0].done)
                assert not any(each.done() for each in held[1:])
                for done in [*case.worker.running.values()]:
                    done.set()
                await asyncio.gather(*held)

        with receiving() as (url, _):
            asyncio.run(test(url))

    def test_a_job_goes_on_under_another_request_when_its_own_ends(self) -> None:
        async def test(url: str, got: list[bytes]) -> None:
            async with made(url) as case:
                held = case.serve(await case.put(USER, "1"))
                await eventually(lambda: case.worker.running)
                assert got == []
                held.cancel()  # as Sanic does when the connection breaks
                await eventually(lambda: got)
                order = Order.decode(got[0])
                assert (order.users, bool(order.instance)) == ((), True)
                again = case.serve(instance=order.instance)
                await asyncio.sleep(0.05)
                assert not again.done()
                case.worker.running["1"].set()
                assert (await again).status == 204

        with receiving() as (url, got):
            asyncio.run(test(url, got))

    def test_due_work_is_begun_in_the_first_seconds_of_a_request_and_brought_elsewhere_after_them(self) -> None:
        async def test(url: str, got: list[bytes]) -> None:
            async with made(url) as case:
                held = case.serve(await case.put(USER, "1"))
                await eventually(lambda: case.worker.running)
                name = await case.put(OTHER, "2")
                begun = case.worker.begun
                await case.work.begin()
                assert (case.worker.begun, got) == (begun + 1, [])
                case.now += BEGIN_WITHIN
                await case.work.begin()
                assert case.worker.begun == begun + 1
                await eventually(lambda: names_in(got) == [name])
                case.worker.running["1"].set()
                await held

        with receiving() as (url, got):
            asyncio.run(test(url, got))

    @pytest.mark.parametrize("url", [NOBODY, ""])
    def test_without_an_address_that_can_be_reached_work_is_leased_as_it_is_found(self, url: str) -> None:
        async def test() -> None:
            async with made(url) as case:
                await case.work.announce(["x"])
                await eventually(lambda: case.work.may_lease)
                begun = case.worker.begun
                await case.work.begin()
                assert case.worker.begun == begun + 1
                assert case.work.state is (CpuState.UNHELD if url else CpuState.UNKNOWN)

        asyncio.run(test())

    def test_a_stopping_instance_takes_no_work(self) -> None:
        async def test() -> None:
            async with made(NOBODY) as case:
                case.worker.draining = True
                assert (await case.serve()).status == 503

        asyncio.run(test())
