"""A local GitHub on a free port, with its own clock, and a client with a token that may do everything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from deployer.local.github import GitHub, GitHubConfig
from deployer.local.github.app import EVERYTHING
from tests.loopback import NO_TLS

CONTROL = "token-of-the-local-world"
CONTROLS = {"Authorization": f"Bearer {CONTROL}"}
TOKEN, READER = "github_pat_of_the_tests", "github_pat_that_only_reads"
REPOSITORY = "/repos/some-owner/some-repository"
STAGING = f"{REPOSITORY}/environments/staging"


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- the name of the base class
        pass


@dataclass
class Clock:
    now: float = 1_800_000_000.25

    def __call__(self) -> float:
        return self.now


@dataclass
class Running:
    github: GitHub
    client: httpx.Client
    clock: Clock = field(default_factory=Clock)

    def faults(self, **switches: object) -> None:
        assert self.client.put("/_control/faults", json=switches, headers=CONTROLS).status_code == 200


def start(config: GitHubConfig, clock: Clock) -> Iterator[Running]:
    github = GitHub(config)
    server = make_server("127.0.0.1", 0, github, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{server.server_port}",
            headers={"Authorization": f"Bearer {TOKEN}", "X-GitHub-Api-Version": "2022-11-28"},
            timeout=10,
            verify=NO_TLS,
        ) as client:
            yield Running(github, client, clock)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def config(clock: Clock, hourly: int = 5000) -> GitHubConfig:
    tokens = {TOKEN: EVERYTHING, READER: {"metadata": "read", "actions": "read", "environments": "read"}}
    return GitHubConfig(tokens, lambda: {"some-owner/some-repository"}, CONTROL, hourly, clock)


@pytest.fixture
def running() -> Iterator[Running]:
    clock = Clock()
    yield from start(config(clock), clock)


@pytest.fixture
def client(running: Running) -> httpx.Client:
    assert running.client.put(STAGING).status_code == 200
    return running.client


@pytest.fixture
def hurried() -> Iterator[Running]:
    """Three calls an hour."""
    clock = Clock()
    yield from start(config(clock, hourly=3), clock)
