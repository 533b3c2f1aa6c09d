"""Requests during a deployment, and the end of the whole endpoint."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.local.ecs_express import EcsExpress
from tests.local.ecs_express.conftest import QUICK, Harness


@pytest.fixture
def other(shared: Any, tmp_path: Path) -> Iterator[Any]:
    """A second endpoint in this process, which a test may stop."""
    with Harness.started(lambda host: [EcsExpress(host, QUICK)], shared.images, tmp_path, shared.loop) as harness:
        yield harness


def test_no_request_is_lost_in_a_deployment(world: Any, port: int) -> None:
    first = {"environment": [{"name": "VERSION", "value": "1"}]}
    arn, _ = world.create("no-loss", world.push().uri, port, container=first)
    answers: list[bytes] = []
    errors: list[OSError] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=b"x", timeout=10) as answer:
                    answers.append(answer.read())
            except OSError as error:
                errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    image = world.push().uri
    second = {"image": image, "containerPort": port, "environment": [{"name": "VERSION", "value": "2"}]}
    try:
        ended = world.update(arn, primaryContainer=second)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert ended["status"] == "SUCCESSFUL"
    assert errors == []
    assert set(answers) == {b"1:x", b"2:x"}
    assert answers[-1] == b"2:x"


def test_the_end_of_the_endpoint_ends_every_task(other: Any, port: int) -> None:
    arn, _ = other.create("ends", other.push().uri, port)
    (instance,) = other.instances()
    other.switch("PUT", {"ecs_hold": {"seconds": 3600, "stage": "BAKE_TIME"}})
    revision = other.begin_update(arn, cpu="512", memory="1024")
    other.reaches(arn, revision, "BAKE_TIME")
    pids = [one["pid"] for one in other.instances()]
    assert len(pids) == 2
    assert instance["pid"] in pids
    other.endpoint.stop()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
