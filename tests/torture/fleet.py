"""Several instances of the service on one table, each a process with a disk of its own, behind one address."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from ansari_whatsapp.backend import Answer
from ansari_whatsapp.conversation import to_parts
from ansari_whatsapp.signature import HEADER, Signer
from deployer.local.backend.answers import answer_to
from tests import loopback
from tests.ansari_whatsapp.tables import INBOX_KEY, REGION, Tables
from tests.ansari_whatsapp.world import (
    APP_SECRET,
    CONTROLS,
    ROOT,
    envelope,
    environment,
    neighbours,
    text,
    until,
    value,
)
from tests.loopback import NO_TLS
from tests.ports import free_port
from tests.services import Service, start_service
from tests.serving import running_loop
from tests.torture.dynamo_proxy import DynamoProxy, Faults, Sabotage

NO_ANSWER_FOR: Final = 90.0  # seconds in which nothing comes although something is missing
LEASE: Final = 4.0  # seconds; the service's own default is a minute
CLOCK: Final = """
import sys, time
real, ahead = time.time, float(sys.argv.pop(1))
time.time = lambda: real() + ahead
from ansari_whatsapp.__main__ import main
main()
"""

T = TypeVar("T")


@dataclass
class Instance:
    """One instance. `ahead` are the seconds by which its clock is."""

    environ: dict[str, str]
    port: int
    log: Path
    ahead: float = 0.0
    proxy: DynamoProxy | None = None
    process: Service | subprocess.Popen[bytes] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    deaths: int = 0

    def start(self) -> None:
        with self.lock, self.log.open("ab") as log:
            if self.ahead:
                command = [sys.executable, "-c", CLOCK, str(self.ahead)]
                self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
            else:
                self.process = start_service(self.environ, log.fileno())

    def signal(self, number: int) -> None:
        """Send a signal, and wait for the end of the process if the signal ends it."""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                return
            self.process.send_signal(number)
            if number in {signal.SIGKILL, signal.SIGTERM}:
                self.process.wait(60)

    def die(self) -> None:
        """End it at once, from the loop of its proxy."""
        if self.process is not None and self.process.poll() is None:
            self.deaths += 1
            self.process.kill()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Balancer:
    """An address in front of the instances: each connection reaches any one that listens."""

    def __init__(self, ports: Callable[[], list[int]], seed: int) -> None:
        self.port = 0
        self._ports = ports
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _ in range(3):
            await asyncio.sleep(0)  # what was closed is closed in the loop's next turns

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, EOFError):
                await self._pass(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports = self._ports()
        self._chance.shuffle(ports)
        for port in ports:
            try:
                inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
            return


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


def any_running(instances: list[Instance], seed: int) -> Balancer:
    """A balancer in front of those that run."""
    return Balancer(lambda: [instance.port for instance in instances if instance.running], seed)


@dataclass
class Fleet:
    """The instances, their address, and the two services around them."""

    instances: list[Instance]
    url: str
    backend: str
    meta: str
    loop: asyncio.AbstractEventLoop

    def change(self, who: str, what: str, **values: Any) -> None:
        loopback.put(f"{getattr(self, who)}/_local/{what}", json=values, headers=CONTROLS).raise_for_status()

    def faults(self, faults: Faults) -> None:
        for instance in self.instances:
            if instance.proxy is not None:
                instance.proxy.faults = faults

    def made(self, name: str) -> int:
        """How often a fault happened."""
        return sum(instance.proxy.made[name] for instance in self.instances if instance.proxy)

    def waiting(self) -> bool:
        """Whether the inbox still holds something to answer."""
        try:
            return bool(loopback.get(f"{self.url}/ready", timeout=10).json()["waiting"] != 0)
        except httpx.TransportError:
            return True

    def up(self, instance: Instance) -> bool:
        try:
            return loopback.get(f"http://127.0.0.1:{instance.port}", timeout=1).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def fleet(
    tables: Tables,
    folder: Path,
    *,
    count: int = 3,
    seed: int = 0,
    table: str = "fleet",
    clocks: tuple[float, ...] = (),
    sabotage: Sabotage | None = None,
    balancing: Callable[[list[Instance], int], Balancer] | None = None,
    **more: str,
) -> Iterator[Fleet]:
    """`count` instances of the service on a new table, started."""
    tables.create(table)
    instances: list[Instance] = []
    with running_loop() as loop, contextlib.ExitStack() as stack:

        def wait(work: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result(30)

        balancer = balancing(instances, seed) if balancing else any_running(instances, seed)
        wait(balancer.start())
        stack.callback(lambda: wait(balancer.stop()))
        with neighbours(f"{balancer.url}/whatsapp/v2") as (backend, meta):
            for number in range(count):
                instance = Instance({}, free_port(), folder / f"service-{number}.log")
                instance.ahead = clocks[number] if number < len(clocks) else 0.0
                instance.proxy = DynamoProxy(tables, seed * 100 + number, instance.die, sabotage)
                wait(instance.proxy.start())
                disk = folder / f"disk-{number}"
                disk.mkdir()
                instance.environ = {
                    **environment(backend, meta, instance.port, LOGGING_LEVEL="INFO"),
                    **tables.environ,
                    "AWS_ENDPOINT_URL_DYNAMODB": instance.proxy.url,
                    "INBOX_URL": f"dynamodb://{table}?region={REGION}",
                    "INBOX_KEY": INBOX_KEY,
                    "LEASE_SECONDS": str(LEASE),
                    "TMPDIR": str(disk),
                    **more,
                }
                instances.append(instance)
                instance.start()
            made = Fleet(instances, balancer.url, backend, meta, loop)
            try:
                until(lambda: all(made.up(instance) for instance in instances), 60)
                yield made
            finally:
                made.faults(Faults())
                for instance in instances:
                    instance.signal(signal.SIGCONT)
                    instance.signal(signal.SIGTERM)
                    assert instance.proxy is not None
                    wait(instance.proxy.stop())


@dataclass
class Person:
    """Somebody who writes, edits and withdraws, and to whom Meta delivers everything at least once.

    `answers` has an entry for each acknowledged message, in order: every answer that would be right, each as its parts.
    """

    fleet: Fleet
    user: str
    seed: int
    pause: float
    answers: list[list[tuple[str, ...]]] = field(default_factory=list)
    redelivered: int = 0
    changed: int = 0

    def write(self, stop: threading.Event) -> None:
        chance = random.Random(self.seed)
        limits = httpx.Limits(max_keepalive_connections=0)  # each request reaches any instance
        with httpx.Client(verify=NO_TLS, timeout=8, limits=limits) as http:
            while not stop.is_set():
                self._one(http, chance)
                stop.wait(chance.uniform(0.0, self.pause))

    def write_one(self) -> None:
        """Write one message, and wait until it is acknowledged."""
        with httpx.Client(verify=NO_TLS, timeout=8) as http:
            self._one(http, random.Random(f"{self.seed} {len(self.answers)}"))

    def _one(self, http: httpx.Client, chance: random.Random) -> None:
        number = len(self.answers)
        question, wamid = f"question {number} of {self.user}", f"wamid.{self.user}.{number}"
        if chance.random() < 0.2:
            question = f"a long {question}"
        better = f"better {question}"
        message = envelope(value(text(question, wamid, self.user)))
        edit = envelope(value(edited(better, wamid, self.user)))
        withdrawal = envelope(value(withdrawn(wamid, self.user)))
        kind = (
            chance.choice(["edit before", "withdrawal before", "edit", "withdrawal"]) if chance.random() < 0.2 else ""
        )
        self.changed += bool(kind)
        if kind.endswith("before"):
            self._until_acknowledged(http, edit if kind == "edit before" else withdrawal)
        self._until_acknowledged(http, message)
        right: dict[str, list[tuple[str, ...]]] = {
            "": [parts_of(question)],
            "edit before": [parts_of(better)],
            "withdrawal before": [()],
            "edit": [parts_of(question), parts_of(better)],
            "withdrawal": [parts_of(question), ()],
        }
        self.answers.append(right[kind])
        if kind in {"edit", "withdrawal"}:
            self._until_acknowledged(http, edit if kind == "edit" else withdrawal)
        if chance.random() < 0.3:  # Meta may deliver once more what was acknowledged, to whatever instance
            self._delivered(http, message)

    def _until_acknowledged(self, http: httpx.Client, body: bytes) -> None:
        while not self._delivered(http, body):
            self.redelivered += 1
            time.sleep(0.05)

    def _delivered(self, http: httpx.Client, body: bytes) -> bool:
        headers = {HEADER: Signer(APP_SECRET).sign(body), "Content-Type": "application/json"}
        try:
            answer = http.post(f"{self.fleet.url}/whatsapp/v2", content=body, headers=headers)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def got(self) -> list[str]:
        chat = loopback.get(f"{self.fleet.meta}/_local/chats/{self.user}", headers=CONTROLS).json()
        return [message["text"] for message in chat["messages"] if message["sender"] == "service"]

    def missing(self) -> int:
        """How many messages have no whole answer yet."""
        got = set(self.got())
        return sum(not any(got.issuperset(answer) for answer in answers) for answers in self.answers)

    def repeated(self) -> int:
        """How many parts came twice.

        Fails unless every message was answered once, rightly and in order, and only the last part is ever repeated.
        """
        got, at, again, before = self.got(), 0, 0, ""
        for number, answers in enumerate(self.answers):
            while at < len(got) and got[at] == before:
                at, again = at + 1, again + 1
            answer = next((parts for parts in answers if parts and got[at : at + 1] == [parts[0]]), None)
            if answer is None:
                assert () in answers, self._wrong(number, got[at : at + 1])
                continue
            for part in answer:
                while at < len(got) and got[at] == before:
                    at, again = at + 1, again + 1
                assert got[at : at + 1] == [part], self._wrong(number, got[at : at + 1])
                at, before = at + 1, part
        while at < len(got) and got[at] == before:
            at, again = at + 1, again + 1
        assert at == len(got), f"after everything was answered there came {got[at][:80]!r}"
        return again

    def _wrong(self, number: int, came: list[str]) -> str:
        return f"message {number} of {self.user} is not answered in its turn; there came {[text[:80] for text in came]}"


def edited(text_: str, wamid: str, user: str) -> dict[str, Any]:
    """Meta's notification of an edit."""
    message = {"from": user, "id": wamid, "type": "text", "text": {"body": text_}}
    edit = {"original_message_id": wamid, "message": message}
    return {"from": user, "id": f"{wamid}.edit", "timestamp": "1790000000", "type": "edit", "edit": edit}


def withdrawn(wamid: str, user: str) -> dict[str, Any]:
    """Meta's notification that a message was deleted by its writer."""
    revoke = {"original_message_id": wamid}
    return {"from": user, "id": f"{wamid}.revoke", "timestamp": "1790000000", "type": "revoke", "revoke": revoke}


def parts_of(question: str) -> tuple[str, ...]:
    """The parts of the answer that the local backend gives."""
    return to_parts(Answer(answer_to(question).text, True))


@contextmanager
def writing(
    fleet: Fleet, users: int, seed: int, pause: float = 0.4, patience: float = NO_ANSWER_FOR
) -> Iterator[list[Person]]:
    """People who write for as long as this lasts; at its end all that was acknowledged has been answered."""
    stop = threading.Event()
    people = [Person(fleet, f"1557{seed % 1000:03}{n:04}", seed * 1000 + n, pause) for n in range(users)]
    threads = [threading.Thread(target=person.write, args=(stop,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    wait_for_all(fleet, people, patience)


def wait_for_all(fleet: Fleet, people: list[Person], patience: float) -> None:
    """Wait until every message has its answer and nothing waits; fails when nothing comes any more."""
    come, since = -1, time.monotonic()
    while (missing := sum(person.missing() for person in people)) or fleet.waiting():
        now = sum(len(person.got()) for person in people)
        if now > come:
            come, since = now, time.monotonic()
        assert time.monotonic() - since < patience, f"{missing} answers have not come"
        time.sleep(0.5)
