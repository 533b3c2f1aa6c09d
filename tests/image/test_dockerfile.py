"""The Dockerfile as a linter reads it, and the packages it installs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.apps.project_file import read_app

ROOT = Path(__file__).parents[2]
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent))


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_every_file_that_is_copied_is_given_to_the_builder() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copied = {path for line in lines for path in line.split()[:-1]}
    assert copied <= set(read_app(ROOT).image.paths)
    assert copied


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is packaged for Linux on x86_64 only")
def test_a_linter_finds_nothing() -> None:
    done = subprocess.run([str(HADOLINT), ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_the_versions_that_are_tested_and_nothing_of_the_deployer() -> None:
    service, everything = locked("requirements-service.lock"), locked("requirements.lock")
    assert service.items() <= everything.items()
    assert {
        "sanic",
        "httpx",
        "pydantic",
        "aiohttp",
        "botocore",
    } <= service.keys()  # the last two call the inbox's table
    assert not service.keys() & {"boto3", "moto", "ruamel-yaml", "pyyaml", "msgspec", "flask", "python-dotenv"}
