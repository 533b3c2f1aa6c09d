"""Find the name of the person who uses this machine."""

from __future__ import annotations

import getpass
from pathlib import Path

from deployer import git
from deployer.core.hold import one_line
from deployer.core.person import LOCAL_USER
from deployer.errors import DeployerError


def local_author(root: Path) -> str:
    """Return the author of a git commit here, else the user of the operating system."""
    try:
        name = one_line(git.run_git(root, "config", "user.name").decode(errors="replace"))
    except DeployerError:
        name = ""
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return LOCAL_USER
