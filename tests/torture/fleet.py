"""Several instances of the service on one table, each a process with a disk of its own, behind one address."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from ansari_whatsapp.inbox.dynamodb.box import Box
from tests import loopback
from tests.ansari_whatsapp.tables import INBOX_KEY, REGION, Tables
from tests.ansari_whatsapp.world import CONTROLS, ROOT, environment, neighbours, until
from tests.ports import free_port
from tests.services import Service, start_service
from tests.serving import running_loop
from tests.torture.dynamo_proxy import DynamoProxy, Faults, LaneAnswers, Sabotage

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
    table: Callable[[], list[dict[str, Any]]]  # reads every item

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
        """Whether the inbox still holds something to answer. The instances themselves may read an index that lags."""
        try:
            if loopback.get(f"{self.url}/ready", timeout=10).json()["waiting"] != 0:
                return True
        except httpx.TransportError:
            return True
        return any(Box(item).ids for item in self.table())

    def up(self, instance: Instance) -> bool:
        try:
            return loopback.get(f"http://127.0.0.1:{instance.port}", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    def revive(self, instance: Instance) -> bool:
        """Start an instance that has ended; return whether it serves."""
        if not instance.running:
            instance.start()
        return self.up(instance)


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
    lanes = LaneAnswers()
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
                instance.proxy = DynamoProxy(tables, seed * 100 + number, instance.die, sabotage, lanes)
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
            made = Fleet(instances, balancer.url, backend, meta, loop, lambda: tables.items(table))
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
