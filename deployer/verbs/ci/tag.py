"""`deployer ci tag ENV`: the tag of the image that a workflow is to plan with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from deployer import git
from deployer.aws import ledger
from deployer.core.release import RecordedRelease, ledger_path
from deployer.errors import DeployerError
from deployer.manifest.load import Loaded, load
from deployer.verbs.environment import open_session


def tag(loaded: Loaded) -> str:
    """The commit that is checked out; or, where an image has to be healthy elsewhere first, one of the same source.

    A merge makes a commit of its own, for which nothing was built. Its source is what was merged, and that was.
    """
    root = loaded.path.resolve().parent
    commit = git.commit(root)
    elsewhere = loaded.manifest.protect.healthy_in
    if elsewhere is None:
        return commit
    return same_source(_releases(load(loaded.path.parent / f"{elsewhere}.yaml")), commit, lambda one: _tree(root, one))


def running(loaded: Loaded) -> str:
    """The image of the last healthy release, so that a plan shows what the manifest changes; else this commit."""
    healthy = [entry.release.tag for entry in _releases(loaded) if entry.release.outcome == "healthy"]
    return healthy[-1] if healthy else git.commit(loaded.path.resolve().parent)


def same_source(releases: Iterable[RecordedRelease], commit: str, tree: Callable[[str], str | None]) -> str:
    """The newest tag among healthy releases, oldest first, whose tree is that of the commit; else the commit."""
    wanted, found = tree(commit), commit
    for entry in releases:
        if entry.release.outcome == "healthy" and tree(entry.release.tag) == wanted:
            found = entry.release.tag
    return found


def _releases(loaded: Loaded) -> tuple[RecordedRelease, ...]:
    session, _ = open_session(loaded)
    return tuple(ledger.read(session.ssm, ledger_path(loaded.manifest.app, loaded.manifest.environment)))


def _tree(root: Path, commit: str) -> str | None:
    """None for what is no commit of this repository."""
    try:
        return (
            git.git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}").decode().strip()
        )
    except DeployerError:
        return None
