"""What git says about a checkout."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deployer.errors import DeployerError


def git(root: Path, *arguments: str) -> bytes:
    """Run git in `root` and return its output. Raises DeployerError with git's own words."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise DeployerError("git is not installed", fix="install git") from None
    if done.returncode:
        raise DeployerError(
            f"git {arguments[0]} failed in {root}",
            why=done.stderr.decode(errors="replace").strip(),
            fix="run in a checkout of the project that has a commit",
        )
    return done.stdout


def commit(root: Path) -> str:
    """The full SHA of the checked-out commit."""
    return git(root, "rev-parse", "HEAD").decode().strip()


def branch(root: Path) -> str:
    """The checked-out branch; empty when none is."""
    return git(root, "branch", "--show-current").decode().strip()


def committed(root: Path, name: str) -> bytes | None:
    """The content of a file of this folder as the checked-out commit has it; None when it has none."""
    try:
        return git(root, "show", f"HEAD:./{name}")
    except DeployerError:
        return None


class Version(NamedTuple):
    """A file as a commit has it. `when` is the commit's date, such as 2026-11-29."""

    commit: str
    when: str
    content: bytes


def versions(root: Path, name: str, limit: int = 50) -> Iterator[Version]:
    """The committed contents of a file of this folder, newest first: of this branch, then of all others.

    At most `limit` commits of each; none outside a checkout.
    """
    seen: set[str] = set()
    for branches in (["HEAD"], ["--branches", "--remotes"]):
        try:
            listed = git(root, "log", f"--max-count={limit}", "--format=%H %cs", *branches, "--", name).decode()
        except DeployerError:
            continue
        for sha, when in (line.split() for line in listed.splitlines()):
            if sha in seen:
                continue
            seen.add(sha)
            try:
                yield Version(sha, when, git(root, "show", f"{sha}:./{name}"))
            except DeployerError:  # this commit deleted it
                continue


def is_clean(root: Path) -> bool:
    """Whether nothing differs from the commit, new files included."""
    return not git(root, "status", "--porcelain").strip()
