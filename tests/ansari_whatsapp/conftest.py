"""One running service for the tests that leave it as it was, and a new one for those that do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ansari_whatsapp.world import World, running


@pytest.fixture(scope="session")
def shared_world() -> Iterator[World]:
    with running() as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    yield shared_world
    for server in (shared_world.backend, shared_world.meta):
        shared_world.http.delete(f"{server}/_local/faults")
