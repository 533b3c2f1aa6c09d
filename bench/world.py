"""A checkout of its own with a local world on free ports of this machine: started for the benchmarks, stopped after."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import run
from tests.e2e.checkout import Checkout, make_checkout

PARAMETERS = "/app-runtime/ansari-whatsapp/local"
DEPLOYER = str(Path(sys.executable).with_name("deployer"))


@dataclass(frozen=True)
class World:
    """`aws` is where the AWS CLI is, or None."""

    checkout: Checkout
    aws: str | None

    @property
    def manifest(self) -> Path:
        return self.checkout.manifest

    def deployer(self, *arguments: str, codes: tuple[int, ...] = (0,), **variables: str) -> str:
        """The console script with the checkout's own code, as its user starts it; `variables` join its environment."""
        env = self._environment() | variables
        return run([DEPLOYER, *arguments], cwd=str(self.checkout.root), env=env, codes=codes)

    def python(self, module: str, *arguments: str) -> str:
        return run([sys.executable, "-m", module, *arguments], cwd=str(self.checkout.root), env=self._environment())

    def aws_cli(self, *arguments: str) -> str:
        """The AWS CLI against the local AWS, with no credential and no configuration of the user."""
        assert self.aws is not None
        command = [self.aws, *arguments, "--endpoint-url", self.checkout.endpoint]
        return run(command, cwd=str(self.checkout.root), env=self._environment())

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        return {
            **kept,
            "PYTHONPATH": str(self.checkout.root),
            "AWS_ACCESS_KEY_ID": self.checkout.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": self.checkout.keys.secret_key,
            "AWS_REGION": "us-west-2",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }


@contextmanager
def local_world() -> Iterator[World]:
    """A world with nothing deployed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        world = World(make_checkout(Path(folder) / "checkout"), _aws_cli())
        try:
            world.deployer("local", "up")
            yield world
        finally:
            world.deployer("local", "down")


def _aws_cli() -> str | None:
    """The AWS CLI itself: a version manager's shim in front of it would be measured with it."""
    found = shutil.which("aws")
    if found is None or Path(found).parent.name != "shims":
        return found
    manager = Path(found).parent.parent.name.lstrip(".")  # pyenv, asdf and mise all know `which`
    return run([manager, "which", "aws"], cwd=str(Path.cwd()), env=dict(os.environ)).strip()
