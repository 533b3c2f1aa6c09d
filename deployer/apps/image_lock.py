"""Find the lock file of the image's packages."""

from __future__ import annotations

from pathlib import Path

from deployer.apps.project_file import read_app
from deployer.errors import UsageError
from deployer.project import PROJECT_FILE


def find_image_lock(given: Path | None, root: Path) -> Path:
    """The lock file that was named, or that of deployer.yaml. Raises UsageError when there is none."""
    if given is not None:
        return given
    lock = read_app(root).image.lock
    if lock is None:
        raise UsageError(f"{PROJECT_FILE} names no lock file", fix="name one: --lock FILE, or image.lock there")
    return root / lock
