"""`deployer ci sbom`: the bill of materials of the image's Python packages, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from deployer import git
from deployer.apps.image_lock import find_image_lock
from deployer.apps.project_file import read_app
from deployer.errors import UsageError
from deployer.image.sbom import render_sbom as bill
from deployer.project import find_root


class SbomOptions(Struct, frozen=True, kw_only=True):
    """`lock` is the lock file, None for that of deployer.yaml."""

    lock: Path | None = None


def list_packages(options: SbomOptions) -> str:
    """The bill of materials of the image's lock file as JSON. Raises UsageError when it cannot be read."""
    root = find_root(Path.cwd())
    lock = find_image_lock(options.lock, root)
    try:
        text = lock.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"{lock} cannot be read", why=why, fix="name another one: --lock FILE") from None
    committed = datetime.fromtimestamp(git.committed_at(root), UTC)
    return bill(text, git.commit(root), committed, read_app(root).app or root.resolve().name)
