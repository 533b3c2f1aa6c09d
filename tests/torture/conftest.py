"""One world for all torture of a session. `--full` runs every case instead of a fixed sample."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ansari_whatsapp.tables import Tables, independent, local_endpoint, shared_folder
from tests.e2e import tiny
from tests.e2e.checkout import make_checkout
from tests.torture.gate import Gate
from tests.torture.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    checkout = make_checkout(tmp_path_factory.mktemp("torture"))
    tiny.commit(checkout)
    checkout.start_world()
    gate = Gate(checkout.ports["4566"])
    made = World(checkout, gate)
    yield made
    gate.close()
    checkout.deployer("local", "down")
    print("\n" + "  ".join(f"{count} {what}" for what, count in sorted(made.counts.items())))  # noqa: T201


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def tables() -> Iterator[Tables]:
    with local_endpoint() as tables:
        yield tables


@pytest.fixture(scope="session")
def independent_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    with independent(shared_folder(tmp_path_factory)) as tables:
        yield tables
