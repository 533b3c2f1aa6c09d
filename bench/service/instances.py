"""Instances of the service with a disk of their own, behind one address, on either inbox."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import httpx

from ansari_whatsapp.signature import HEADER, Signer
from tests import loopback
from tests.ansari_whatsapp.tables import INBOX_KEY, REGION, Tables
from tests.ansari_whatsapp.world import APP_SECRET, CONTROLS, envelope, environment, neighbours, text, until, value
from tests.loopback import NO_TLS
from tests.ports import free_port
from tests.serving import running_loop
from tests.torture.fleet import Balancer, Instance
from tests.torture.people import edited, parts_of

UP_WITHIN: Final = 60.0  # seconds
T = TypeVar("T")
_tables = itertools.count(1)
_users = itertools.count(1)
_wamids = itertools.count(1)


@dataclass
class Instances:
    """The instances, and the people who write to them. `patience` ends the wait for answers that do not come."""

    each: list[Instance]
    disks: list[Path]
    backend: str
    meta: str
    http: httpx.Client
    patience: float
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 -- which instance

    def change(self, who: str, what: str, **values: Any) -> None:
        address = f"{getattr(self, who)}/_local/{what}"
        self.http.put(address, json=values, headers=CONTROLS).raise_for_status()

    def calm(self) -> None:
        self.http.delete(f"{self.backend}/_local/faults", headers=CONTROLS)
        self.http.delete(f"{self.meta}/_local/faults", headers=CONTROLS)

    def post(self, number: int, body: bytes) -> bool:
        """Deliver a webhook to an instance; return whether it was acknowledged."""
        headers = {HEADER: Signer(APP_SECRET).sign(body), "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self.each[number].port}/whatsapp/v2"
        try:
            return self.http.post(address, content=body, headers=headers).status_code == 200
        except httpx.TransportError:
            return False

    def say(self, number: int, user: str, said: str, wamid: str = "") -> str:
        """Deliver a message to an instance, until it is acknowledged. Returns its wamid."""
        wamid = wamid or f"wamid.{user}.{next(_wamids)}"
        body = envelope(value(text(said, wamid, user)))
        until(lambda: self.post(number, body), 20)
        return wamid

    def edit(self, number: int, user: str, said: str, wamid: str) -> None:
        body = envelope(value(edited(said, wamid, user)))
        until(lambda: self.post(number, body), 20)

    def any(self) -> int:
        return self.chance.randrange(len(self.each))

    def two(self) -> tuple[int, int]:
        """Two instances."""
        one, other = self.chance.sample(range(len(self.each)), 2)
        return one, other

    def got(self, user: str) -> list[str]:
        chat = self.http.get(f"{self.meta}/_local/chats/{user}", headers=CONTROLS).json()
        return [message["text"] for message in chat["messages"] if message["sender"] == "service"]

    def wait(self, users: list[str], enough: Callable[[str], bool]) -> None:
        """Wait until all have enough, or nothing has come for `patience` seconds."""
        come, since = -1, time.monotonic()
        while not all(enough(user) for user in users) and time.monotonic() - since < self.patience:
            if (now := sum(len(self.got(user)) for user in users)) > come:
                come, since = now, time.monotonic()
            time.sleep(0.2)

    def end(self, number: int, how: int) -> None:
        """End an instance and delete its disk, and start another one in its place."""
        instance, disk = self.each[number], self.disks[number]
        instance.signal(how)
        shutil.rmtree(disk)
        self.start(number)

    def start(self, number: int) -> None:
        self.disks[number].mkdir(exist_ok=True)
        self.each[number].start()
        until(lambda: _up(self.each[number]), UP_WITHIN)

    def got_any(self, user: str) -> bool:
        return bool(self.got(user))

    def has_whole(self, user: str, said: str) -> bool:
        return set(parts_of(said)) <= set(self.got(user))


@contextmanager
def instances(
    count: int, tables: Tables | None, *, lease: float = 4.0, one_disk: bool = False, **more: str
) -> Iterator[Instances]:
    """Start instances one after the other: on a new table, or each on a file on its own disk, or all on `one_disk`."""
    with (
        TemporaryDirectory(prefix="bench-") as name,
        running_loop() as loop,
        httpx.Client(verify=NO_TLS, timeout=20) as http,
    ):
        folder = Path(name)
        each: list[Instance] = []

        def wait(work: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result(30)

        balancer = Balancer(lambda: [instance.port for instance in each if instance.running], 0)
        wait(balancer.start())
        table = f"instances-{os.getpid()}-{next(_tables)}"
        if tables is not None:
            tables.create(table)
        with neighbours(f"{balancer.url}/whatsapp/v2") as (backend, meta):
            disks = [folder / ("disk" if one_disk else f"disk-{number}") for number in range(count)]
            made = Instances(each, disks, backend, meta, http, patience=lease * 2 + 4)
            limits = {"window_seconds": None, "throughput": None, "pair": False}
            made.change("meta", "limits", **limits)
            for number, disk in enumerate(disks):
                inbox = (
                    {"INBOX_URL": f"sqlite:///{disk}/inbox.sqlite3"}
                    if tables is None
                    else {
                        **tables.environ,
                        "INBOX_URL": f"dynamodb://{table}?region={REGION}",
                        "INBOX_KEY": INBOX_KEY,
                        "COMMIT_SECONDS": "10",
                    }
                )
                instance = Instance({}, free_port(), folder / f"{number}.log")
                environ = environment(backend, meta, instance.port, LOGGING_LEVEL="WARNING")
                instance.environ = {**environ, **inbox, "LEASE_SECONDS": str(lease), **more}
                each.append(instance)
                made.start(number)
            try:
                yield made
            finally:
                for instance in each:
                    instance.signal(signal.SIGKILL)
        wait(balancer.stop())


def new_users(count: int) -> list[str]:
    return [f"1558{next(_users):07}" for _ in range(count)]


def _up(instance: Instance) -> bool:
    try:
        return loopback.get(f"http://127.0.0.1:{instance.port}", timeout=1).status_code == 200
    except httpx.TransportError:
        return False
