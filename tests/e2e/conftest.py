"""One checkout with a local world per test module."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.checkout import Checkout, make_checkout


@pytest.fixture(scope="module")
def cold_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose world a command of the test has to start."""
    made = make_checkout(tmp_path_factory.mktemp("checkout"))
    yield made
    made.deployer("local", "down")
    log = made.root / ".deployer" / "local" / "world.log"
    if log.exists() and os.environ.get("SHOW_WORLD_LOG"):
        sys.stderr.write(log.read_text())


@pytest.fixture(scope="module")
def checkout(cold_checkout: Checkout) -> Checkout:
    """A checkout whose world runs."""
    cold_checkout.start_world()
    return cold_checkout
