"""A local AWS endpoint, and a session that reaches it as a manifest would."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.aws.session import Session

ACCOUNT, REGION = "000000000000", "us-west-2"
ROOT = Path(__file__).parents[2]
numbers = itertools.count()


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    home = str(tmp_path_factory.mktemp("aws"))
    command = [sys.executable, "-m", "tests.aws.serve", ACCOUNT, REGION, home]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Session(ACCOUNT, REGION, process.stdout.readline().strip(), Path(home) / "keys")


@pytest.fixture
def fresh() -> str:
    """A name nobody else uses in this endpoint."""
    return f"fresh-{next(numbers)}"
