"""Check this machine: the tools, and the packages of the lock file."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from deployer import git
from deployer.core import diagnosis
from deployer.core.finding import Finding
from deployer.core.machine_finding import CheckedOut, PythonVersion, Tool
from deployer.image.builder import why_not
from deployer.image.tool import TOOLS

PACKAGES = ("boto3", "botocore")
LOCK = "requirements.lock"


def tools(root: Path) -> Iterator[Finding]:
    """Check Python, just, the image builder, and the AWS CLI. Only git, which `checkout` checks, is required."""
    yield PythonVersion(version=platform.python_version())
    just = shutil.which("just") or ((root / "just").is_file() and "./just")
    yield Tool(about="just", found=just or "")
    here = {name: why_not(name) for name in TOOLS if shutil.which(name)}
    works = ", ".join(name for name, why in here.items() if why is None)
    yield Tool(about="images", found=works, broken=tuple(why for why in here.values() if why))
    yield Tool(about="aws cli", found=shutil.which("aws") or "")


def checkout(root: Path) -> Iterator[Finding]:
    """Raise DeployerError without git, or outside a checkout that has a commit."""
    yield CheckedOut(commit=git.commit(root))


def packages(root: Path) -> Iterator[Finding]:
    """Compare the installed packages with the lock file."""
    lock: str | None = None
    with suppress(OSError):
        lock = (root / LOCK).read_text()
    yield diagnosis.packages(LOCK, lock, {name: _version(name) for name in PACKAGES})


def variables(*, local: bool) -> Iterator[Finding]:
    """Check environment variables that lead to another AWS."""
    yield diagnosis.endpoint(os.environ, local=local)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
