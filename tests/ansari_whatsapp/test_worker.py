"""The worker and the conversation in this process, over HTTP with a local ansari-backend and a local Meta."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ansari_whatsapp.answering import CHANGES_AT_MOST
from ansari_whatsapp.backend import Backend
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.conversation import Conversation
from ansari_whatsapp.delivery import Delivery
from ansari_whatsapp.graph import Graph
from ansari_whatsapp.inbox import Job, MemoryInbox, SqliteInbox, State
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.webhook import LONGEST_TEXT, Message
from ansari_whatsapp.worker import Worker
from deployer.local.backend.checks import KEY_HEADER
from tests.ansari_whatsapp.eager import Eager
from tests.ansari_whatsapp.world import API_KEY, CONTROLS, WITHIN, environment, neighbours
from tests.loopback import NO_TLS

users = (f"1555300{number:04}" for number in itertools.count())
wamids = (f"wamid.w{number}" for number in itertools.count())


@dataclass(frozen=True)
class Around:
    """The two servers around the worker."""

    backend: str
    meta: str
    http: httpx.Client

    def fault(self, who: str, **switches: Any) -> None:
        self.http.put(f"{getattr(self, who)}/_local/faults", json=switches).raise_for_status()

    def threads(self, user: str) -> list[dict[str, Any]]:
        record = self.http.get(f"{self.backend}/_local/record").json()
        return [thread for thread in record["threads"].values() if thread["phone_num"] == user]

    def struck(self, switch: str) -> int:
        """How often a fault of the backend took effect."""
        faults = self.http.get(f"{self.backend}/_local/faults").json()["faults"]
        return sum(rule["struck"] for rule in faults[switch])

    async def ask(self, client: httpx.AsyncClient, user: str, question: str) -> None:
        """Ask in the user's thread, as another process does."""
        threads = self.http.get(f"{self.backend}/_local/record").json()["threads"].items()
        (name,) = (name for name, thread in threads if thread["phone_num"] == user)
        body = {"phone_num": user, "thread_id": name, "message": question}
        await client.post(f"{self.backend}/whatsapp/v2/messages/process", json=body, headers={KEY_HEADER: API_KEY})

    def asked(self, user: str) -> list[str]:
        messages = [message for thread in self.threads(user) for message in thread["messages"]]
        return [message["message"] for message in messages for _ in range(message["count"])]

    def sent(self, user: str) -> list[str]:
        chat = self.http.get(f"{self.meta}/_local/chats/{user}").json()
        return [message["text"] for message in chat["messages"] if message["sender"] == "service"]

    def message(self, said: str, user: str) -> Message:
        """A message that Meta knows, so that it can be marked as read."""
        wamid = next(wamids)
        content = {"type": "text", "text": {"body": said}, "id": wamid}
        body = {"message": content, "from": user, "redeliver": False}
        self.http.post(f"{self.meta}/_local/webhook", json=body).raise_for_status()
        return Message(wamid, user, "text", said, None)

    def typed(self) -> int:
        count: int = self.http.get(f"{self.meta}/_local/record").json()["typing"]
        return count


@pytest.fixture(scope="module")
def servers() -> Iterator[Around]:
    # No webhook is delivered here: the messages are put into the inbox.
    with (
        neighbours("http://127.0.0.1:9/whatsapp/v2") as (backend, meta),
        httpx.Client(verify=NO_TLS, headers=CONTROLS) as http,
    ):
        yield Around(backend, meta, http)


@pytest.fixture
def around(servers: Around) -> Iterator[Around]:
    yield servers
    for server in (servers.backend, servers.meta):
        servers.http.delete(f"{server}/_local/faults")


@dataclass
class Run:
    inbox: MemoryInbox | SqliteInbox
    worker: Worker
    circuit: Circuit
    metrics: Metrics

    async def take(self, *messages: Message) -> None:
        await self.inbox.put(messages)
        self.worker.wake()

    async def done(self) -> None:
        """Wait for nothing to be left."""
        await self.left(0)

    async def left(self, count: int) -> None:
        async with asyncio.timeout(WITHIN):
            while await self.inbox.waiting() > count:  # noqa: ASYNC110 -- an inbox tells nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def working(
    around: Around,
    variables: dict[str, str] | None = None,
    *,
    clocks: Clocks | None = None,
    inbox: MemoryInbox | SqliteInbox | None = None,
    clock: Callable[[], float] = time.time,
    poll: float = 0.02,
    survives: bool = True,
) -> AsyncIterator[Run]:
    settings = Settings.from_environment(environment(around.backend, around.meta, 8001, **(variables or {})))
    backend, graph = Backend(settings), Graph(settings)
    inbox = inbox or MemoryInbox()
    inbox.poll = poll
    clocks = clocks or Clocks(first_retry=0.02, drain=1.0)
    circuit, metrics = Circuit(clocks), Metrics()
    conversation = Conversation(settings, backend, graph, circuit, clock)
    delivery = Delivery(inbox, graph, circuit, clocks, metrics)
    worker = Worker(inbox, conversation, delivery, circuit, clocks, metrics, survives=survives)
    await inbox.open()
    worker.start()
    try:
        yield Run(inbox, worker, circuit, metrics)
    finally:
        await worker.drain()
        await inbox.aclose()
        await backend.aclose()
        await graph.aclose()


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.01)


def text(said: str, user: str, timestamp: int | None = None) -> Message:
    return Message(next(wamids), user, "text", said, timestamp)


def test_a_part_that_was_sent_is_not_sent_again_with_the_next(around: Around) -> None:
    user = next(users)
    around.fault("meta", error={"code": 130429, "after": 1, "times": 2, "user": user, "kind": "message"})

    async def test() -> None:
        async with working(around) as run:
            await run.take(text("something long", user))
            await run.done()

    asyncio.run(test())
    parts = around.sent(user)
    assert len(parts) == len(set(parts)) == 2
    assert around.asked(user) == ["something long"]


def test_an_answer_may_take_longer_than_a_lease(around: Around) -> None:
    user = next(users)
    around.fault("backend", first_chunk_delay={"seconds": 1.0, "user": user})

    async def test() -> None:
        async with working(around, clocks=Clocks(lease=0.2)) as run:
            await run.take(text("slow", user))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == ["slow"]
    assert len(around.sent(user)) == 1


def test_nothing_is_begun_while_the_token_is_to_be_mended(around: Around) -> None:
    first, second = next(users), next(users)
    around.fault("meta", error={"code": 190, "user": first, "kind": "message"})

    async def test() -> None:
        async with working(around, clocks=Clocks(pause=3600, drain=0.5)) as run:
            await run.take(text("first", first))
            await eventually(lambda: run.circuit.paused)
            await run.take(text("second", second))
            assert await run.worker.drain() == 2

    asyncio.run(test())
    assert around.asked(first) == ["first"]
    assert around.asked(second) == []


def test_a_mended_token_sends_the_answer_that_was_kept(around: Around) -> None:
    user = next(users)
    around.fault("meta", token_revoked={"times": 1})

    async def test() -> None:
        async with working(around, clocks=Clocks(pause=0.1)) as run:
            await run.take(text("kept", user))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == ["kept"]
    assert len(around.sent(user)) == 1


def test_a_user_who_has_to_wait_holds_up_nobody_else(around: Around) -> None:
    slow, quick = next(users), next(users)
    around.fault("meta", error={"code": 131056, "user": slow, "kind": "message"})

    async def test() -> None:
        async with working(around, clocks=Clocks(first_retry=60, drain=0.1)) as run:
            await run.take(text("one", slow), text("two", slow), text("three", quick))
            await run.left(2)
            assert not run.circuit.paused
            assert await run.worker.drain() == 2

    asyncio.run(test())
    assert len(around.sent(quick)) == 1
    assert around.asked(slow) == ["one"]


class Stumbling(MemoryInbox):
    """An inbox that cannot be read at first, as one on a busy disk."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 3

    async def lease(self, now: float, until: float) -> Job | None:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is busy")
        return await super().lease(now, until)


def test_an_inbox_that_stumbles_does_not_stop_the_worker(around: Around) -> None:
    user = next(users)

    async def test() -> None:
        async with working(around, inbox=Stumbling()) as run:
            for _ in range(4):
                run.worker.wake()
                await asyncio.sleep(0.02)
            await run.take(text("after all", user))
            await run.done()

    asyncio.run(test())
    assert len(around.sent(user)) == 1


def test_what_nobody_expected_gives_an_apology_and_the_next_is_answered(around: Around) -> None:
    user = next(users)

    def broken() -> float:
        raise ZeroDivisionError

    async def test() -> None:
        async with working(around, clock=broken) as run:
            await run.take(text("breaks", user, timestamp=1))
            await run.done()

    asyncio.run(test())
    assert around.sent(user) == [Notice.UNEXPECTED.value]


def test_typing_is_shown_again_and_stops_with_the_answer(around: Around) -> None:
    user = next(users)
    around.fault("backend", first_chunk_delay={"seconds": 0.6, "user": user})
    around.fault("meta", error={"code": 131000, "times": 1, "kind": "read"})
    message = around.message("slow", user)

    async def test() -> tuple[int, int]:
        async with working(around, variables={"TYPING_SECONDS": "0.1"}) as run:
            await run.take(message)
            await run.done()
            then = around.typed()
            await asyncio.sleep(0.3)
            return then, around.typed()

    before = around.typed()
    then, later = asyncio.run(test())
    assert then - before >= 2
    assert later == then


def test_a_thread_is_continued_for_three_hours(around: Around) -> None:
    user = next(users)
    ahead = 0.0

    async def test() -> None:
        nonlocal ahead
        async with working(around, clock=lambda: time.time() + ahead) as run:
            for ahead in (0.0, 2.9 * 3600, 3.1 * 3600):
                await run.take(text(f"one two three four five six seven {ahead}", user))
                await run.done()

    asyncio.run(test())
    threads = around.threads(user)
    assert [thread["title"] for thread in threads] == ["one two three four five six"] * 2
    assert sorted(len(thread["messages"]) for thread in threads) == [1, 2]


def test_a_user_known_elsewhere_is_registered_here(around: Around) -> None:
    user = next(users)
    elsewhere = [{"user": user, "route": "exists"}, {"user": user, "route": "last_thread", "times": 1}]
    around.fault("backend", user_not_found=elsewhere)

    async def test() -> None:
        async with working(around) as run:
            await run.take(text("hello", user))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == ["hello"]
    assert Notice.NOT_REGISTERED.value not in around.sent(user)


@pytest.mark.parametrize(
    ("message", "variables", "answer"),
    [
        ({"text": "!d for the developers"}, {"DEPLOYMENT_TYPE": "staging"}, None),
        ({"text": "hello"}, {"WHATSAPP_UNDER_MAINTENANCE": "true"}, Notice.MAINTENANCE),
        ({"kind": "image", "text": None}, {"WHATSAPP_UNDER_MAINTENANCE": "true"}, Notice.MAINTENANCE),
        ({"kind": "image", "text": None}, {}, Notice.TEXT_ONLY),
        ({"kind": "hologram", "text": None}, {}, None),
        ({"timestamp": 1}, {"WHATSAPP_UNDER_MAINTENANCE": "true"}, Notice.TOO_OLD),
        ({"kind": "image", "text": None, "timestamp": 1}, {}, None),
        ({"text": " \n "}, {}, None),
        ({"text": "x" * (LONGEST_TEXT + 1)}, {}, Notice.TOO_LONG),
    ],
)
def test_what_is_answered_without_the_backend(
    around: Around, message: dict[str, Any], variables: dict[str, str], answer: Notice | None
) -> None:
    user = next(users)
    taken = Message(**{"wamid": next(wamids), "user": user, "kind": "text", "text": "x", "timestamp": None, **message})

    async def test() -> None:
        async with working(around, variables) as run:
            await run.take(taken)
            await run.done()

    typed = around.typed()
    asyncio.run(test())
    assert around.sent(user) == ([answer.value] if answer else [])
    assert around.asked(user) == []
    assert around.typed() == typed


def test_the_developers_mark_means_nothing_in_production(around: Around) -> None:
    user = next(users)

    async def test() -> None:
        async with working(around, {"DEPLOYMENT_TYPE": "production"}) as run:
            await run.take(text("!d hello", user))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == ["!d hello"]


@pytest.mark.parametrize("fault", ["truncate", "reset"])
def test_an_answer_that_breaks_off_says_so(around: Around, fault: str) -> None:
    user = next(users)
    around.fault("backend", **{fault: {"user": user, "after_bytes": 300}})

    async def test() -> None:
        async with working(around) as run:
            await run.take(text("a question", user))
            await run.done()

    asyncio.run(test())
    [part] = around.sent(user)
    assert part.endswith(Notice.ENDED_EARLY.value)
    assert len(part) > len(Notice.ENDED_EARLY.value) + 100
    assert around.asked(user) == ["a question"]


def test_an_answer_beyond_ten_messages_says_that_it_is_cut(around: Around) -> None:
    user = next(users)
    around.fault("backend", answer_length={"characters": 90_000, "user": user})

    async def test() -> None:
        async with working(around) as run:
            await run.take(text("everything", user))
            await run.done()

    asyncio.run(test())
    parts = around.sent(user)
    assert len(parts) == 10
    assert parts[-1] == Notice.CUT_SHORT.value


def test_a_backend_that_is_away_is_asked_again_when_it_is_back(around: Around) -> None:
    user = next(users)
    around.fault("backend", server_error={"user": user, "route": "last_thread", "status": 503, "times": 3})

    async def test() -> None:
        async with working(around) as run:
            await run.take(text("patience", user))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == ["patience"]
    assert len(around.sent(user)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"server_error": {"route": "process", "status": 503}},
        {"server_error": {"route": "process", "status": 400}},
        {"server_error": {"route": "process", "status": 429}},
        {"server_error": {"route": "exists", "status": 400}},
        {"no_response": {"route": "process"}},
    ],
    ids=lambda fault: "-".join(f"{name} {value}" for switch in fault.values() for name, value in switch.items()),
)
def test_what_the_backend_did_not_begin_is_asked_again(around: Around, fault: dict[str, dict[str, Any]]) -> None:
    user = next(users)
    around.fault("backend", **{name: {**switch, "user": user, "times": 2} for name, switch in fault.items()})

    async def test() -> None:
        async with working(around) as run:
            await run.take(text("is it there?", user))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == ["is it there?"]
    assert len(around.sent(user)) == 1
    assert around.sent(user) != [Notice.NO_ANSWER.value]


def test_a_backend_that_is_silent_is_not_asked_twice(around: Around) -> None:
    user = next(users)
    around.fault("backend", headers_delay={"route": "process", "seconds": 3, "user": user})

    async def test() -> None:
        async with working(around, {"BACKEND_FIRST_BYTE_SECONDS": "0.2"}) as run:
            await run.take(text("anybody there?", user))
            await run.done()
            assert "answers_tried_again" not in run.metrics.embedded()

    asyncio.run(test())
    assert around.sent(user) == [Notice.NO_ANSWER.value]


class Forgetful(MemoryInbox):
    """An inbox whose leases end early, as when they could not be extended."""

    def end_leases(self) -> None:
        for entry in self._entries.values():
            entry.due = 0.0


def test_a_job_that_is_leased_again_here_is_answered_by_one_task(around: Around) -> None:
    user = next(users)
    around.fault("backend", first_chunk_delay={"seconds": 60, "user": user, "times": 1})

    async def test() -> None:
        async with working(around, inbox=(inbox := Forgetful())) as run:
            await run.take(text("once", user))
            await eventually(lambda: around.asked(user) == ["once"])  # the answer takes a minute to begin
            inbox.end_leases()
            await run.done()
            await eventually(lambda: run.worker.under_way == 0)
            assert run.metrics.embedded()["answers_done"] == 1

    asyncio.run(test())
    assert len(around.sent(user)) == 1


@pytest.mark.parametrize(
    "faults",
    [
        {"server_error": [{"route": "process", "status": 503, "after": 1}]},
        {"no_response": [{"route": "process", "after": 1}], "server_error": [{"route": "history", "status": 503}]},
    ],
    ids=["refused", "broken off, and the thread could not be read"],
)
def test_a_question_of_a_process_that_died_is_asked_again(around: Around, faults: dict[str, list[Any]]) -> None:
    """The thread holds the question, of a moment ago and without an answer: the second one is not taken for it."""
    user = next(users)
    once = {"user": user, "times": 1}
    around.fault(
        "backend",
        first_chunk_delay={"seconds": 60, **once},
        **{switch: [{**rule, **once} for rule in rules] for switch, rules in faults.items()},
    )

    async def test() -> None:
        async with working(around, inbox=(inbox := Forgetful())) as run:
            await run.take(text("who answers?", user))
            await eventually(lambda: around.asked(user) == ["who answers?"])
            inbox.end_leases()
            await run.done()

    asyncio.run(test())
    assert len(around.sent(user)) == 1
    assert around.sent(user) != [Notice.NO_ANSWER.value]


def test_a_question_of_a_process_that_lives_is_not_taken_for_ones_own(around: Around) -> None:
    """Its lease ended early, and it asks after its successor has read the thread: whose question broke off?"""
    user = next(users)
    around.fault(
        "backend",
        first_chunk_delay={"seconds": 60, "user": user, "times": 2},
        headers_delay={"route": "process", "seconds": 1, "user": user, "after": 1, "times": 1},
        no_response={"route": "process", "user": user, "after": 2, "times": 1},
    )

    async def test() -> None:
        async with working(around, inbox=(inbox := Forgetful())) as run, httpx.AsyncClient(verify=NO_TLS) as other:
            await run.take(text("who asked?", user))
            await eventually(lambda: around.asked(user) == ["who asked?"])
            inbox.end_leases()
            await eventually(lambda: around.struck("headers_delay") == 1)
            asking = asyncio.create_task(around.ask(other, user, "who asked?"))
            await run.done()
            asking.cancel()
            assert around.struck("no_response") == 1

    asyncio.run(test())
    assert len(around.sent(user)) == 1
    assert around.sent(user) != [Notice.NO_ANSWER.value]


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_job_that_arrives_withdrawn_is_not_asked(around: Around, withdrawn: bool) -> None:
    user = next(users)
    message = text("a secret", user)

    async def test() -> None:
        async with working(around) as run:
            if withdrawn:
                await run.inbox.withdraw(user, message.wamid)
            await run.take(message)
            await run.done()
            assert await run.inbox.given_up() == 0

    asyncio.run(test())
    assert around.asked(user) == ([] if withdrawn else ["a secret"])
    assert len(around.sent(user)) == (0 if withdrawn else 1)


class Changing(MemoryInbox):
    """The writer of a message changes it as often as its answer is stored, up to `times`."""

    def __init__(self, times: int, last: str | None = "") -> None:
        super().__init__()
        self.times, self.last, self.changes = times, last, 0

    async def save(self, job: Job) -> None:
        message = job.message
        if job.state is State.ANSWERED and self.changes < self.times:
            self.changes += 1
            if self.changes == self.times and self.last is None:
                await self.withdraw(message.user, message.wamid)
            else:
                await self.amend(message.user, message.wamid, f"text {self.changes}")
        await super().save(job)


@pytest.mark.parametrize("times", [0, 1, CHANGES_AT_MOST, CHANGES_AT_MOST + 3])
def test_a_message_that_is_changed_while_it_is_answered_is_answered_as_it_is_last(around: Around, times: int) -> None:
    user = next(users)

    async def test() -> None:
        async with working(around, inbox=Changing(times)) as run:
            await run.take(text("text 0", user))
            await run.done()

    asyncio.run(test())
    asked = [f"text {number}" for number in range(min(times, CHANGES_AT_MOST) + 1)]
    assert around.asked(user) == asked
    [answer] = around.sent(user)
    assert asked[-1] in answer


@pytest.mark.parametrize("times", [1, 2, CHANGES_AT_MOST + 2])
def test_a_message_that_is_withdrawn_while_it_is_answered_is_not_answered(around: Around, times: int) -> None:
    user = next(users)

    async def test() -> None:
        async with working(around, inbox=Changing(times, last=None)) as run:
            await run.take(text("text 0", user), text("the next", user))
            await run.done()
            assert await run.inbox.given_up() == 0

    asyncio.run(test())
    [answer] = around.sent(user)
    assert "the next" in answer


@pytest.mark.parametrize("deaths", [4, 5])
def test_a_message_whose_processes_die_is_given_up(around: Around, deaths: int) -> None:
    user = next(users)

    async def test() -> None:
        inbox = MemoryInbox()
        await inbox.put([text("deadly", user), text("the next", user)])
        for number in range(deaths):
            await inbox.lease(number, number + 1)
        async with working(around, inbox=inbox) as run:
            await run.done()
            assert len(await inbox.dead()) == (deaths == 5)

    asyncio.run(test())
    assert around.asked(user) == (["deadly", "the next"] if deaths < 5 else ["the next"])


class Noting(MemoryInbox):
    """It notes whose jobs were given back."""

    def __init__(self) -> None:
        super().__init__()
        self.given_back: set[str] = set()

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        self.given_back.add(job.message.user)
        await super().give_back(job, at)


@pytest.mark.parametrize("deaths", [2, 3])
def test_a_message_has_its_last_tries_alone(around: Around, deaths: int) -> None:
    """What is answered beside a message that ends its processes would be given up with it."""
    suspects, other = {next(users), next(users)}, next(users)
    around.fault("backend", first_chunk_delay={"seconds": 0.3})

    async def test() -> Noting:
        inbox = Noting()
        await inbox.put([text("beside it", user) for user in suspects])
        for number in range(deaths):
            for _ in suspects:
                await inbox.lease(number, number + 1)
        async with working(around, inbox=inbox, clocks=Clocks(drain=1.0, suspect_pause=0.05)) as run:
            await run.take(text("new", other))
            await run.done()
            assert await inbox.given_up() == 0
        return inbox

    inbox = asyncio.run(test())
    assert [len(around.sent(user)) for user in (*suspects, other)] == [1, 1, 1]
    assert (len(inbox.given_back), inbox.given_back - suspects) == (int(deaths == 3), set())


def test_the_next_job_of_a_user_is_answered_without_a_read(around: Around) -> None:
    user = next(users)

    async def test() -> None:
        inbox = Eager()
        async with working(around, inbox=inbox, poll=60) as run:
            await run.take(*(text(f"question {number}", user) for number in range(3)))
            await run.done()

    asyncio.run(test())
    assert around.asked(user) == [f"question {number}" for number in range(3)]
    assert len(around.sent(user)) == 3


def test_what_is_remembered_of_a_user_goes_from_job_to_job_and_between_instances(around: Around) -> None:
    user, inbox = next(users), MemoryInbox()

    async def test() -> None:
        for said in ("ما حكم الصيام في السفر؟", None, None):
            async with working(around, inbox=inbox) as run:
                await run.take(text(said, user) if said else Message(next(wamids), user, "image", None, None))
                await run.done()

    asyncio.run(test())
    assert around.sent(user)[1:] == [Notice.TEXT_ONLY.text("ar")]


class Refused(Eager):
    """Meta refuses the token at the moment when a job is finished."""

    pausing: Circuit | None = None

    async def finish(self, job: Job, state: State) -> Job | None:
        if self.pausing is not None:
            self.pausing.pause()
        return await super().finish(job, state)


@pytest.mark.parametrize("how", ["drain", "pause"])
def test_the_next_job_of_a_user_is_given_back_while_no_job_may_begin(around: Around, how: str) -> None:
    user, inbox = next(users), Refused()
    around.fault("backend", first_chunk_delay={"seconds": 0.5, "user": user})

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(pause=3600, drain=30), poll=60) as run:
            await run.take(text("first", user), text("second", user))
            await eventually(lambda: run.worker.under_way == 1)
            if how == "drain":
                await run.worker.drain()
            else:
                inbox.pausing = run.circuit
                await run.left(1)
                await eventually(lambda: run.worker.under_way == 0)
            job = await inbox.lease(time.time(), time.time() + 60)
            assert job is not None
            assert (job.message.text, job.deaths, job.state) == ("second", 0, State.RECEIVED)

    asyncio.run(test())
    assert around.asked(user) == ["first"]
    assert len(around.sent(user)) == 1


def test_a_job_that_a_webhook_leased_begins_without_a_read(around: Around) -> None:
    user, inbox = next(users), Eager()

    async def test() -> None:
        async with working(around, inbox=inbox, poll=60) as run:
            await asyncio.sleep(0.05)  # after the first read
            with run.worker.room(5) as room:
                accepted = await inbox.put([text("at once", user)], time.time() + 60, room)
            assert room == 5
            for job in accepted.leased:
                run.worker.take(job, time.time() + 60)
            await run.done()

    asyncio.run(test())
    assert len(around.sent(user)) == 1


def test_there_is_room_for_as_many_as_may_be_answered_at_once(around: Around) -> None:
    async def test() -> None:
        async with working(around, clocks=Clocks(at_once=3, drain=0.1)) as run:
            with run.worker.room(2) as first, run.worker.room(2) as second, run.worker.room(2) as third:
                assert (first, second, third) == (2, 1, 0)
            with run.worker.room(9) as room:
                assert room == 3
            run.circuit.pause()
            with run.worker.room(2) as room:
                assert room == 0

    asyncio.run(test())


@pytest.mark.parametrize("shared", [True, False])
def test_there_is_no_room_during_a_drain(around: Around, shared: bool) -> None:
    async def test() -> None:
        async with working(around, inbox=Eager() if shared else MemoryInbox()) as run:
            await run.worker.drain()
            with run.worker.room(2) as room:
                assert room == 0

    asyncio.run(test())


def test_what_a_drain_cannot_finish_another_instance_has_at_once(around: Around) -> None:
    user, other, inbox = next(users), next(users), Eager()
    around.fault("backend", first_chunk_delay={"seconds": 60, "user": user, "times": 1})

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(drain=0.2), poll=60) as run:
            await run.take(text("handed over", user))
            await eventually(lambda: around.asked(user) == ["handed over"])
            await inbox.put([text("waits", other)])
            assert await run.worker.drain() == 1
            jobs = [await inbox.lease(time.time(), time.time() + 60) for _ in range(2)]
            assert {job and (job.message.user, job.deaths) for job in jobs} == {(user, 0), (other, 0)}
            for job in jobs:
                assert job is not None
                await inbox.give_back(job)
        async with working(around, inbox=inbox) as run:
            await run.done()

    asyncio.run(test())
    assert (len(around.sent(user)), len(around.sent(other))) == (1, 1)


def test_a_shared_inbox_is_drained_of_its_own_jobs_only(around: Around) -> None:
    user, other, inbox = next(users), next(users), Eager()
    around.fault("backend", first_chunk_delay={"seconds": 0.5, "user": user})

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(drain=600)) as run:
            await run.take(text("mine", user))
            await eventually(lambda: run.worker.under_way == 1)
            await inbox.put([text("of another instance", other)])
            job = await inbox.lease(time.time(), time.time() + 600)
            assert job is not None
            async with asyncio.timeout(WITHIN):
                assert await run.worker.drain() == 0
            assert await inbox.waiting() == 1

    asyncio.run(test())
    assert len(around.sent(user)) == 1


class Granting(Eager):
    """Takes a while to grant a lease."""

    granting = False

    async def lease(self, now: float, until: float) -> Job | None:
        job = await super().lease(now, until)
        self.granting = job is not None
        await asyncio.sleep(0.1)
        return job


def test_a_job_whose_lease_is_being_granted_is_given_back_by_a_drain(around: Around) -> None:
    user, inbox = next(users), Granting()

    async def test() -> None:
        async with working(around, inbox=inbox) as run:
            await run.take(text("just leased", user))
            await eventually(lambda: inbox.granting)
            await run.worker.drain()
            job = await inbox.lease(time.time(), time.time() + 60)
            assert job is not None
            assert job.deaths == 0

    asyncio.run(test())
    assert around.asked(user) == []


def test_a_part_that_is_being_sent_is_finished_before_the_job_is_handed_over(around: Around) -> None:
    user, inbox = next(users), Eager()
    around.fault("meta", latency={"seconds": 0.5, "user": user, "kind": "message", "times": 1})

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(drain=0.01)) as run:
            await run.take(text("something long", user))
            await eventually(lambda: [lease.sending for lease in leases(run)] == [True])
            assert await run.worker.drain() == 1
        job = await inbox.lease(time.time(), time.time() + 60)
        assert job is not None
        assert (job.state, job.sent, job.deaths) == (State.ANSWERED, 1, 0)

    asyncio.run(test())
    assert len(around.sent(user)) == 1


def test_a_part_whose_sending_is_unknown_is_handed_over_when_a_status_has_had_time_to_come(around: Around) -> None:
    """Neither at once, which would repeat the part, nor at the end of the lease, which is 60 seconds long."""
    user, inbox = next(users), Eager()
    around.fault("meta", latency={"seconds": 60, "user": user, "kind": "message", "times": 1})

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(drain=0.01, confirm=20.0)) as run:
            await run.take(text("a question", user))
            await eventually(lambda: [lease.sending for lease in leases(run)] == [True])
            assert await run.worker.drain() == 1
        assert await inbox.lease(time.time(), time.time() + 60) is None
        job = await inbox.lease(time.time() + 30, time.time() + 90)
        assert job is not None
        assert (job.state, job.sent, job.deaths) == (State.ANSWERED, 0, 0)

    asyncio.run(test())


class Unending(Eager):
    """Never answers a call that ends a job."""

    ends = 0

    async def finish(self, job: Job, state: State) -> Job | None:
        del job, state
        self.ends += 1
        await asyncio.Event().wait()
        return None


def test_a_sent_answer_whose_end_is_not_stored_is_handed_over_when_a_status_has_had_time_to_come(
    around: Around,
) -> None:
    user, inbox = next(users), Unending()

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(drain=0.01, confirm=20.0)) as run:
            await run.take(text("a question", user))
            await eventually(lambda: inbox.ends == 1)
            assert await run.worker.drain() == 1
        assert await inbox.lease(time.time(), time.time() + 60) is None
        job = await inbox.lease(time.time() + 30, time.time() + 90)
        assert job is not None
        assert (job.state, job.sent, job.deaths) == (State.ANSWERED, 0, 0)

    asyncio.run(test())
    assert len(around.sent(user)) == 1


class Stalled(Eager):
    """Never answers a call that gives a lease back."""

    async def give_back(self, job: Job, at: float = 0.0) -> None:
        del job
        await asyncio.Event().wait()


def test_a_drain_ends_although_the_inbox_takes_no_lease_back(around: Around) -> None:
    user, inbox = next(users), Stalled()
    around.fault("backend", first_chunk_delay={"seconds": 60, "user": user, "times": 1})

    async def test() -> None:
        async with working(around, inbox=inbox, clocks=Clocks(drain=0.2)) as run:
            await run.take(text("a question", user))
            await eventually(lambda: around.asked(user) == ["a question"])
            async with asyncio.timeout(WITHIN):
                assert await run.worker.drain() == 1

    asyncio.run(test())


def leases(run: Run) -> list[Lease]:
    return [each.lease for each in run.worker._running]  # noqa: SLF001


@pytest.mark.parametrize("survives", [True, False])
def test_what_is_lost_with_the_instance_gets_an_apology(around: Around, survives: bool) -> None:
    asked, waits, done = next(users), next(users), next(users)
    around.fault("backend", first_chunk_delay={"seconds": 60, "user": asked})

    async def test() -> None:
        async with working(around, clocks=Clocks(drain=1.0, at_once=1), survives=survives) as run:
            await run.take(text("asked", asked), text("behind it", asked))
            await eventually(lambda: around.asked(asked) == ["asked"])
            await run.take(Message(next(wamids), waits, "text", "ما حكم الصيام في السفر؟", None))
            left = await run.worker.drain()
            assert left == (3 if survives else 0)
            assert await run.inbox.given_up() == (0 if survives else 3)

    asyncio.run(test())
    assert around.sent(asked) == ([] if survives else [Notice.STOPPED.value])
    assert len(around.sent(waits)) == (0 if survives else 1)
    assert around.sent(done) == []


def test_what_waits_for_its_next_try_gets_an_apology_too(around: Around) -> None:
    user = next(users)
    around.fault("backend", server_error={"user": user, "route": "process", "status": 503, "times": 1})

    async def test() -> None:
        async with working(around, clocks=Clocks(drain=0.2, first_retry=60.0), survives=False) as run:
            await run.take(text("asked", user))
            await run.worker.busy()
            await run.worker.idle()
            assert await run.inbox.waiting() == 1
            assert await run.worker.drain() == 0

    asyncio.run(test())
    assert around.sent(user) == [Notice.STOPPED.value]


def opened(engine: str, folder: Path) -> MemoryInbox | SqliteInbox:
    return MemoryInbox() if engine == "memory" else SqliteInbox(folder / "inbox.sqlite3")


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
def test_an_answer_that_may_have_been_sent_gets_no_apology(around: Around, engine: str, tmp_path: Path) -> None:
    """Meta took the part and its reply was lost: the job waits, and the user may have the answer."""
    user = next(users)
    around.fault("meta", accept_and_drop={"user": user, "kind": "message", "times": 1})
    clocks = Clocks(drain=0.2, first_retry=60.0, confirm=0.05)

    async def test() -> None:
        async with working(around, clocks=clocks, inbox=opened(engine, tmp_path), survives=False) as run:
            await run.take(text("asked", user))
            await run.worker.busy()
            await run.worker.idle()
            assert await run.inbox.waiting() == 1
            assert await run.worker.drain() == 0

    asyncio.run(test())
    [answer] = around.sent(user)
    assert answer != Notice.STOPPED.value


def test_an_answer_that_an_earlier_process_may_have_sent_gets_no_apology(around: Around, tmp_path: Path) -> None:
    user = next(users)
    around.fault("meta", accept_and_drop={"user": user, "kind": "message", "times": 1})
    clocks = Clocks(drain=0.2, first_retry=60.0, confirm=0.05)

    async def test() -> None:
        async with working(around, clocks=clocks, inbox=opened("sqlite", tmp_path)) as run:
            await run.take(text("asked", user))
            await run.worker.busy()
            await run.worker.idle()
            assert await run.worker.drain() == 1
        async with working(around, clocks=clocks, inbox=opened("sqlite", tmp_path), survives=False) as run:
            assert await run.worker.drain() == 0

    asyncio.run(test())
    assert len(around.sent(user)) == 1


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
def test_a_message_behind_an_answer_that_is_being_sent_gets_an_apology(
    around: Around, engine: str, tmp_path: Path
) -> None:
    user = next(users)
    around.fault("meta", latency={"seconds": 60, "user": user, "kind": "message", "times": 1})

    async def test() -> None:
        clocks = Clocks(drain=0.01)
        async with working(around, clocks=clocks, inbox=opened(engine, tmp_path), survives=False) as run:
            await run.take(text("asked", user), text("behind it", user))
            await eventually(lambda: [lease.sending for lease in leases(run)] == [True])
            assert await run.worker.drain() == 0

    asyncio.run(test())
    assert around.sent(user) == [Notice.STOPPED.value]


def test_no_apology_is_sent_while_meta_refuses_everything(around: Around) -> None:
    user = next(users)
    around.fault("backend", first_chunk_delay={"seconds": 60, "user": user})

    async def test() -> None:
        async with working(around, clocks=Clocks(drain=0.2), survives=False) as run:
            await run.take(text("asked", user))
            await eventually(lambda: around.asked(user) == ["asked"])
            run.circuit.pause()
            assert await run.worker.drain() == 1

    asyncio.run(test())
    assert around.sent(user) == []


def test_a_drain_ends_at_its_deadline(around: Around) -> None:
    user = next(users)
    around.fault("backend", first_chunk_delay={"seconds": 60, "user": user})

    async def test() -> None:
        async with working(around, clocks=Clocks(drain=0.2)) as run:
            await run.take(text("endless", user))
            assert await run.worker.drain() == 1

    asyncio.run(test())
    assert around.sent(user) == []


@pytest.mark.parametrize("steps", range(6))
def test_a_drain_ends_even_if_the_worker_is_just_being_woken(around: Around, steps: int) -> None:
    async def test() -> None:
        async with working(around, clocks=Clocks(), poll=60) as run:
            await asyncio.sleep(0.01)
            run.worker.wake()
            for _ in range(steps):
                await asyncio.sleep(0)
            async with asyncio.timeout(WITHIN / 4):
                assert await run.worker.drain() == 0

    asyncio.run(test())
