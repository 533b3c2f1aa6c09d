"""A running service keeps its instances: those that die or fall ill are replaced."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

Get = Callable[..., Any]


def pid(get: Get, port: int) -> int | None:
    try:
        found: int = get(port)["pid"]
    except OSError:
        return None
    return found


def test_an_instance_that_dies_is_replaced(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("sup-die", world.push(env=("VERSION=1",)).uri, port)
    first = get(port)["pid"]
    os.kill(first, signal.SIGKILL)
    world.until(lambda: pid(get, port) not in (None, first))
    assert get(port)["env"]["VERSION"] == "1"
    assert world.describe(arn)["Status"] == "RUNNING"
    world.until(lambda: any("killed by SIGKILL" in line for line in world.log(arn, "service", "events")))


def test_an_instance_that_falls_ill_is_replaced(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("sup-ill", world.push().uri, port)
    first = get(port, "/sicken")["pid"]
    world.until(lambda: pid(get, port) not in (None, first))
    world.until(lambda: any("Health check failed 1 times" in line for line in world.log(arn, "service", "events")))


def test_an_instance_that_keeps_dying_is_tried_again(world: Any, port: int, tmp_path: Path) -> None:
    """It starts again as soon as it can."""
    broken, pid_file = tmp_path / "broken", tmp_path / "pid"
    program = f"""
import os, pathlib, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
if os.path.exists({str(broken)!r}):
    sys.exit(5)
pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), SimpleHTTPRequestHandler).serve_forever()
"""
    check = {"Protocol": "TCP", "Interval": 1, "UnhealthyThreshold": 1}
    arn, status = world.create("sup-again", world.push(program).uri, port, HealthCheckConfiguration=check)
    assert status == "SUCCEEDED"
    broken.touch()
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    world.until(lambda: sum("exit code 5" in line for line in world.log(arn, "service", "events")) >= 2)
    broken.unlink()
    world.until(lambda: any("replaced instance is healthy" in line for line in world.log(arn, "service", "events")))
