"""One checkout with a local world per test module."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.checkout import Checkout, make_checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    made = make_checkout(tmp_path_factory.mktemp("checkout"))
    yield made
    made.deployer("local", "down")
    log = made.root / ".deployer" / "local" / "world.log"
    if log.exists() and os.environ.get("SHOW_WORLD_LOG"):
        sys.stderr.write(log.read_text())
