"""The service and what it is measured beside: each a process of its own on one core, the load on another."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.ansari_whatsapp.world import ROOT, environment, until
from tests.ports import free_port

SERVED_ON, LOADED_FROM = 0, 1  # cores


@dataclass(frozen=True)
class Server:
    """A server that listens on `port` of this machine."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def processor(self) -> float:
        """The seconds of processor time that it has used."""
        used = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")

    def memory(self, which: str = "VmRSS") -> float:
        """Its resident memory in megabytes; VmHWM is the highest."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"^{which}:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0

    def load(self, seconds: float, connections: int = 64, rate: float = 0.0) -> dict[str, float]:
        """What `bench.service.load` saw. Raises RuntimeError when a webhook was refused or lost."""
        command = [sys.executable, "-m", "bench.service.load", str(self.port), f"--seconds={seconds}"]
        command += [f"--connections={connections}", f"--rate={rate}"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            pin(process.pid, LOADED_FROM)
            output, _ = process.communicate(timeout=seconds + 60)
        seen: dict[str, float] = json.loads(output)
        if seen["refused"] or seen["lost"]:
            raise RuntimeError(f"{seen['refused']} webhooks were refused and {seen['lost']} connections lost")
        return seen


@contextmanager
def bare() -> Iterator[Server]:
    port = free_port()
    with started(port, "-m", "bench.service.bare", str(port)) as server:
        yield server


@contextmanager
def twin(folder: Path) -> Iterator[Server]:
    port = free_port()
    with started(port, "-m", "bench.service.twin", str(port), str(folder / "twin.sqlite3")) as server:
        yield server


@contextmanager
def stub() -> Iterator[Server]:
    """A DynamoDB that keeps nothing, on the core of the load."""
    port = free_port()
    with started(port, "-m", "bench.service.stub", str(port), core=LOADED_FROM) as server:
        yield server


@contextmanager
def service(folder: Path, table: Server | None = None) -> Iterator[Server]:
    """The service, whose worker waits for a backend that never answers: what is measured is how messages come in.

    Its inbox is a file, or the `table` of a stub; there, other instances take the work.
    """
    port = free_port()
    inbox = {"INBOX_URL": f"sqlite:///{folder}/service.sqlite3"} if table is None else _table(table)
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environ = environment(
            address,
            address,
            port,
            ANSWERS_AT_ONCE="1",
            BACKEND_LOOKUP_SECONDS="600",
            DRAIN_SECONDS="0.1",
            GRAPH_SECONDS="600",
            INBOX_CAPACITY="10000000",
            LOGGING_LEVEL="INFO",
            **inbox,
        )
        yield stack.enter_context(started(port, "-m", "ansari_whatsapp", environ=environ))


def _table(table: Server) -> dict[str, str]:
    return {
        "PUBLIC_URL": f"http://127.0.0.1:{table.port}",  # other instances take the work
        "INBOX_URL": "dynamodb://table?region=us-west-2",
        "INBOX_KEY": "inbox-key-0123456789abcdef",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{table.port}",
        "AWS_ACCESS_KEY_ID": "access",
        "AWS_SECRET_ACCESS_KEY": "secret-of-no-account",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def pin(process: int, core: int) -> None:
    """Keep a process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(process, {core})


@contextmanager
def started(
    port: int, *arguments: str, environ: dict[str, str] | None = None, core: int = SERVED_ON
) -> Iterator[Server]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environ, stdout=quiet) as process:
        pin(process.pid, core)
        try:
            until(lambda: _up(port))
            yield Server(port, process)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _up(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return int(answer.status) == 200
    except (URLError, OSError):
        return False
