"""A second emulation of AWS in a virtual environment of its own: ministack, on a port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct, convert

from tests.ports import free_port

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "ministack.lock"
DIFFERENCES: Final = HERE / "ministack.toml"
STARTED_WITHIN: Final = 120.0  # seconds
ACCOUNT, REGION = "000000000000", "us-west-2"  # those of the sample manifests


class Difference(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a test fails with ministack: what it does, what AWS does, and the source for that."""

    ministack: str
    aws: str
    source: str


def differences() -> dict[str, Difference]:
    """By test, such as test_status.py::test_it_is_shown."""
    return convert(tomllib.loads(DIFFERENCES.read_text()), dict[str, Difference])


def install(folder: Path) -> Path:
    """Install ministack from its lock file. Returns the environment's Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([str(python), "-m", "pip", "install", *quiet, "-r", str(LOCK)], check=True)
    return python


def install_once(shared: Path) -> Path:
    """Install ministack for all test processes that share a folder: the first does it, the others wait."""
    folder, done = shared / "ministack", shared / "ministack.installed"
    with (shared / "ministack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            install(folder)
            done.touch()
    return folder / "bin" / "python"


@contextmanager
def running(python: Path, folder: Path) -> Iterator[str]:
    """Start it and yield its URL. What it writes is below `folder`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [str(python), "-m", "ministack"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            _wait(process, url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def reset(url: str) -> None:
    """Forget everything."""
    request = urllib.request.Request(f"{url}/_ministack/reset", b"", method="POST")  # noqa: S310 -- http
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 -- http


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=5).close()  # noqa: S310 -- http
            return
        time.sleep(0.2)
    raise AssertionError(f"ministack did not start, exit code {process.poll()}")
