"""No instance outlives the process that hosts the endpoint, whatever ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.local.guard import Guard

ROOT = Path(__file__).parents[3]

# Hosts an endpoint with one service, whose instance has a child of its own, and prints the pids of both.
HOST = r'''
import asyncio, importlib.util, sys
from pathlib import Path

home, port = Path(sys.argv[1]), int(sys.argv[2])
spec = importlib.util.spec_from_file_location("harness", sys.argv[3])
harness = importlib.util.module_from_spec(spec)
sys.modules["harness"] = harness
spec.loader.exec_module(harness)

PROGRAM = """
import os, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"[%d, %d]" % (os.getpid(), child.pid))
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

def deploy(world):
    world.prepare()
    check = harness.health(Path="/")
    _, status = world.create("guarded", world.push(PROGRAM).uri, port, HealthCheckConfiguration=check)
    print(status, flush=True)

async def main():
    loop = asyncio.get_running_loop()
    emulators = lambda host: [harness.AppRunner(host)]
    with harness.Harness.started(emulators, home / "images", home / "work", loop) as world:
        await asyncio.to_thread(deploy, world)
        await asyncio.Event().wait()

asyncio.run(main())
'''


def alive(pid: int) -> bool:
    """A zombie is not: it waits for a parent that may never come."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text() if sys.platform == "linux" else _signalled(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False


def _signalled(pid: int) -> bool:
    os.kill(pid, 0)
    return True


def gone(*pids: int) -> bool:
    end = time.monotonic() + 15
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(alive, pids))


def test_an_endpoint_that_is_killed(tmp_path: Path, port: int, get: Any) -> None:
    conftest = Path(__file__).with_name("conftest.py")
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path), str(port), str(conftest)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert host.stdout is not None
    with host, host.stdout:
        assert host.stdout.readline() == "SUCCEEDED\n"
        instance, child = get(port)
        assert alive(instance)
        assert alive(child)
        host.kill()
        assert gone(instance, child)


def test_an_endpoint_that_is_stopped(other: Any, port: int, get: Any) -> None:
    _, status = other.create("stopped", other.push().uri, port)
    assert status == "SUCCEEDED"
    instance = get(port)["pid"]
    other.endpoint.stop()
    assert not alive(instance)
    for closed in (port, int(other.endpoint.url.rpartition(":")[2])):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", closed), timeout=5)


def test_an_endpoint_that_is_stopped_while_it_deploys(other: Any, port: int) -> None:
    sick = {"RuntimeEnvironmentVariables": {"SICK": "1"}}
    arn = other.apprunner.create_service(
        ServiceName="hurried",
        SourceConfiguration=other.source(other.push().uri, port, **sick),
        HealthCheckConfiguration=other.health(UnhealthyThreshold=20),
    )["Service"]["ServiceArn"]
    other.until(lambda: other.log(arn, "application"))
    other.endpoint.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


# Hosts one process with a child, and prints the pids of the watcher and of both.
SMALL_HOST = r"""
import signal, sys
from pathlib import Path
from deployer.local.guard import Guard

guard = Guard()
guard.start()
program = "import os, subprocess, sys, time; " \
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); " \
    "print(os.getpid(), child.pid, flush=True); time.sleep(600)"
process = guard.spawn([sys.executable, "-c", program], cwd=Path.cwd(), env={})
print(guard._watcher.pid, process.stdout.readline().decode().strip(), flush=True)
signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_host_that_is_ended(number: signal.Signals) -> None:
    with small_host() as (host, _, process, child):
        host.send_signal(number)
        assert gone(process, child)


@pytest.mark.skipif(sys.platform != "linux", reason="the second net is Linux's")
def test_a_host_whose_watcher_was_ended_first() -> None:
    with small_host() as (host, watcher, process, child):
        os.kill(watcher, signal.SIGKILL)
        host.kill()
        try:
            assert gone(process)
        finally:
            os.kill(child, signal.SIGKILL)


@contextlib.contextmanager
def small_host() -> Iterator[tuple[subprocess.Popen[str], int, int, int]]:
    host = subprocess.Popen(
        [sys.executable, "-c", SMALL_HOST], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    )
    assert host.stdout is not None
    with host, host.stdout:
        try:
            watcher, process, child = map(int, host.stdout.readline().split())
            assert alive(process)
            assert alive(child)
            yield host, watcher, process, child
        finally:
            host.kill()


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    guard.start()
    yield guard
    guard.stop()


def spawn(guard: Guard, *argv: str, cwd: Path) -> tuple[int, str]:
    process = guard.spawn(argv, cwd=cwd, env={"ONLY": "this", "PATH": "/usr/bin:/bin"})
    assert process.stdout is not None
    with process.stdout as stdout:
        output = stdout.read().decode()
    code = process.wait()
    guard.ended(process)
    return code, output


def test_a_program_sees_a_clean_process(guard: Guard, tmp_path: Path) -> None:
    program = (
        "import json, os, signal, sys; print(json.dumps([dict(os.environ), os.getcwd(), sys.stdin.read(),"
        " os.getpgid(0) == os.getpid(), sorted(os.listdir('/dev/fd'))[:4]]))"
    )
    code, output = spawn(guard, sys.executable, "-c", program, cwd=tmp_path)
    environment, directory, stdin, leads, _ = json.loads(output)
    assert code == 0
    assert {name: value for name, value in environment.items() if name != "LC_CTYPE"} == {
        "ONLY": "this",
        "PATH": "/usr/bin:/bin",
    }
    assert (directory, stdin, leads) == (str(tmp_path), "", True)


def test_a_program_that_is_not_there(guard: Guard, tmp_path: Path) -> None:
    code, output = spawn(guard, "no-such-program", cwd=tmp_path)
    assert code == 127
    assert output == "cannot start no-such-program: No such file or directory\n"


def test_stopping_kills_what_was_left(tmp_path: Path) -> None:
    guard = Guard()
    guard.start()
    process = guard.spawn([sys.executable, "-c", "import time; time.sleep(600)"], cwd=tmp_path, env={})
    guard.stop()
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(15) == -signal.SIGKILL
