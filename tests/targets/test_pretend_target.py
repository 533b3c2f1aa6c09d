"""A third target that only tests register: the seam carries a platform that is unlike App Runner, with no change.

tests/targets/pretend has its steps; they run in one process of their own, because a target is registered for a whole
process. Each test here shows one of them.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.checkout import Checkout, make_checkout
from tests.samples import ROOT

DRIVER = Path(__file__).parent / "pretend" / "__main__.py"
pytestmark = pytest.mark.timeout(240)


def steps() -> list[str]:
    """The names of the steps, in their order. The driver is not imported: it registers a target."""
    [found] = [
        node.value
        for node in ast.parse(DRIVER.read_text()).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "STEPS"
    ]
    assert isinstance(found, ast.Tuple)
    return [name.id for name in found.elts if isinstance(name, ast.Name)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = make_checkout(tmp_path_factory.mktemp("checkout"))
    manifest = checkout.manifest.read_text()
    checkout.start_world()
    yield checkout
    checkout.manifest.write_text(manifest)
    checkout.deployer("local", "down")


@pytest.fixture(scope="module")
def told(world: Checkout) -> Mapping[str, str]:
    command = [sys.executable, "-m", "tests.targets.pretend", str(world.root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("step", steps())
def test_the_pretend_target(told: Mapping[str, str], step: str) -> None:
    assert told[step] == "", told[step]
