"""The service as a process that is killed and started again, with people who write to it all the time."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ansari_whatsapp.backend import Answer
from ansari_whatsapp.conversation import to_parts
from ansari_whatsapp.signature import HEADER, Signer
from deployer.local.backend.answers import answer_to
from tests import loopback
from tests.ansari_whatsapp.world import APP_SECRET, CONTROLS, ROOT, envelope, environment, neighbours, text, value
from tests.loopback import NO_TLS
from tests.ports import free_port
from tests.services import Service, start_service

NO_ANSWER_FOR = 60.0  # seconds in which nothing comes although something is missing


@dataclass
class Killable:
    """One service on one inbox. `starts` counts its processes; a `cold` one starts from nothing, as in a container."""

    environ: dict[str, str]
    url: str
    backend: str
    meta: str
    log: Path
    cold: bool = False
    starts: int = 0
    process: Service | subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            if self.cold:
                command = [sys.executable, "-m", "ansari_whatsapp"]
                self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
            else:
                self.process = start_service(self.environ, log.fileno())

    def kill(self, how: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(60)

    def change(self, who: str, what: str, **values: Any) -> None:
        """Set the faults or the limits of one of the two around it."""
        address = f"{getattr(self, who)}/_local/{what}"
        loopback.put(address, json=values, headers=CONTROLS).raise_for_status()

    def up(self) -> bool:
        try:
            return loopback.get(self.url, timeout=1).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def killable(folder: Path, **more: str) -> Iterator[Killable]:
    """The service between a local backend and a local Meta. It has not been started."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with neighbours(f"{url}/whatsapp/v2") as (backend, meta):
        kept = {"INBOX_URL": f"sqlite:///{folder}/inbox.sqlite3"}
        # Its process ends more often than any message could cause: none of them is given up for that.
        environ = environment(backend, meta, port, LOGGING_LEVEL="INFO", DEATHS="1000", **kept)
        made = Killable({**environ, **more}, url, backend, meta, folder / "service.log")
        try:
            yield made
        finally:
            if made.process is not None and made.process.poll() is None:
                made.kill(signal.SIGTERM)


@dataclass
class Writer:
    """One person, who writes the next message `pause` seconds at the most after the last one was acknowledged."""

    service: Killable
    user: str
    seed: int
    pause: float
    acknowledged: list[str] = field(default_factory=list)
    redelivered: int = 0

    def write(self, stop: threading.Event) -> None:
        chance = random.Random(self.seed)
        with httpx.Client(verify=NO_TLS, timeout=5) as http:
            while not stop.is_set():
                question = f"question {len(self.acknowledged)} of {self.user}"
                if chance.random() < 0.2:
                    question = f"a long {question}"
                body = envelope(value(text(question, f"wamid.{self.user}.{len(self.acknowledged)}", self.user)))
                while not self._delivered(http, body):
                    self.redelivered += 1
                    time.sleep(0.05)
                self.acknowledged.append(question)
                if chance.random() < 0.3:  # Meta may deliver once more what was acknowledged
                    self._delivered(http, body)
                stop.wait(chance.uniform(0.0, self.pause))

    def _delivered(self, http: httpx.Client, body: bytes) -> bool:
        headers = {HEADER: Signer(APP_SECRET).sign(body), "Content-Type": "application/json"}
        try:
            return http.post(f"{self.service.url}/whatsapp/v2", content=body, headers=headers).status_code == 200
        except httpx.TransportError:
            return False

    def expected(self) -> list[str]:
        """Every part of every answer, in order."""
        return [part for question in self.acknowledged for part in to_parts(Answer(answer_to(question).text, True))]

    def got(self) -> list[str]:
        chat = loopback.get(f"{self.service.meta}/_local/chats/{self.user}", headers=CONTROLS).json()
        return [message["text"] for message in chat["messages"] if message["sender"] == "service"]

    def complete(self) -> bool:
        return len(set(self.got())) >= len(set(self.expected()))


def repeated(expected: list[str], got: list[str]) -> int:
    """How many parts came twice. Fails unless everything came, in order, and only the last part is ever repeated."""
    at, again = 0, 0
    for part in got:
        if at < len(expected) and part == expected[at]:
            at += 1
        elif at and part == expected[at - 1]:
            again += 1
        else:
            raise AssertionError(f"part {at} of {len(expected)} should have come, and this did: {part[:80]!r}")
    assert at == len(expected), f"{at} of {len(expected)} parts came"
    return again


@contextmanager
def writing(service: Killable, users: int, seed: int, pause: float = 0.4) -> Iterator[list[Writer]]:
    """People who write for as long as this lasts; at its end all that was acknowledged has been answered.

    They should not write faster for long than the service answers, or the end takes long to come.
    """
    stop = threading.Event()
    writers = [Writer(service, f"1556{seed % 1000:03}{n:04}", seed * 1000 + n, pause) for n in range(users)]
    threads = [threading.Thread(target=writer.write, args=(stop,)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    _wait_for_all(writers)


def _wait_for_all(writers: list[Writer]) -> None:
    """However long the queue is, it gets shorter."""
    come, since = -1, time.monotonic()
    while not all(writer.complete() for writer in writers):
        now = sum(len(writer.got()) for writer in writers)
        if now > come:
            come, since = now, time.monotonic()
        missing = sum(len(set(writer.expected())) - len(set(writer.got())) for writer in writers)
        assert time.monotonic() - since < NO_ANSWER_FOR, f"{missing} parts have not come"
        time.sleep(0.2)


def asked_again(service: Killable) -> Counter[str]:
    """By question, how often the backend was asked it more than once."""
    record = loopback.get(f"{service.backend}/_local/record", headers=CONTROLS).json()
    counts: Counter[str] = Counter()
    for thread in record["threads"].values():
        for message in thread["messages"]:
            if message["count"] > 1:
                counts[message["message"]] += message["count"] - 1
    return counts
