"""One running service for the tests that leave it as it was, and a new one for those that do not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.ansari_whatsapp.tables import Tables, independent, local_endpoint, shared_folder
from tests.ansari_whatsapp.world import World, running


@pytest.fixture(scope="session")
def shared_world() -> Iterator[World]:
    with running() as world:
        yield world


@pytest.fixture(scope="session", autouse=True)
def trickle(request: pytest.FixtureRequest) -> Iterator[Future[bytes] | None]:
    """What the service says to a body that comes byte by byte; begun early, for it takes the whole deadline."""
    if not any("trickle" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    address = request.getfixturevalue("shared_world").service.removeprefix("http://").split(":")
    ended = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_trickle, (address[0], int(address[1])), ended)
        ended.set()


def _trickle(address: tuple[str, int], ended: threading.Event) -> bytes:
    with socket.create_connection(address) as slow:
        slow.settimeout(0.5)
        slow.sendall(b"POST /whatsapp/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        while not ended.is_set():
            try:
                return slow.recv(4096)
            except TimeoutError:
                slow.sendall(b" ")
    return b""


@pytest.fixture(scope="session")
def tables() -> Iterator[Tables]:
    with local_endpoint() as tables:
        yield tables


@pytest.fixture(scope="session")
def independent_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    with independent(shared_folder(tmp_path_factory)) as tables:
        yield tables


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    yield shared_world
    for server in (shared_world.backend, shared_world.meta):
        shared_world.http.delete(f"{server}/_local/faults")
