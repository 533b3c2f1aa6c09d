"""`deployer ci sbom`: the bill of materials of the image's Python packages, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from deployer import git
from deployer.apps.project_file import read_app
from deployer.errors import UsageError
from deployer.image.sbom import sbom as bill


def sbom(lock: Path, root: Path) -> str:
    """The bill of materials of the image's lock file. Raises UsageError when it cannot be read."""
    try:
        text = lock.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"{lock} cannot be read", why=why, fix="name another one: --lock FILE") from None
    committed = datetime.fromtimestamp(git.committed_at(root), UTC)
    return bill(text, git.commit(root), committed, read_app(root).app or root.resolve().name)
