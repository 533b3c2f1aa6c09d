"""Check this machine: the tools, and the packages of the lock file."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deployer import git
from deployer.core.diagnosis import Finding, redirections, versions
from deployer.image.builder import why_not
from deployer.image.tool import TOOLS

PACKAGES = ("boto3", "botocore")
LOCK = "requirements.lock"


def tools(root: Path) -> Iterator[Finding]:
    """Check Python, just, the image builder, and the AWS CLI. Only git, which `checkout` checks, is required."""
    yield Finding("python", "ok", platform.python_version())
    just = shutil.which("just") or ((root / "just").is_file() and "./just")
    yield _found("just", f"{just}" if just else "", "not found: recipes run as ./just in the project's directory")
    here = {name: why_not(name) for name in TOOLS if shutil.which(name)}
    works = ", ".join(name for name, why in here.items() if why is None)
    dead = "".join(f"; {why}" for why in here.values() if why)
    yield _found("images", works, f"none of {', '.join(TOOLS)} works: only building an image needs one{dead}")
    yield _found("aws cli", shutil.which("aws") or "", "not found: only `aws sso login` needs it")


def checkout(root: Path) -> Iterator[Finding]:
    """Raise DeployerError without git, or outside a checkout that has a commit."""
    yield Finding("git", "ok", f"commit {git.commit(root)[:12]}")


def packages(root: Path) -> Iterator[Finding]:
    """Compare the installed packages with the lock file."""
    try:
        lock = (root / LOCK).read_text()
    except OSError:
        yield Finding("packages", "unseen", f"there is no {LOCK} to compare with")
    else:
        yield versions(lock, {name: _version(name) for name in PACKAGES})


def variables(*, local: bool) -> Iterator[Finding]:
    """Check environment variables that lead to another AWS."""
    yield redirections(os.environ, local=local)


def _found(about: str, what: str, otherwise: str) -> Finding:
    return Finding(about, "ok", what) if what else Finding(about, "note", otherwise)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
