"""`deployer ci tag ENV`: print the tag of the image that a workflow plans with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from deployer import git
from deployer.aws import ledger
from deployer.core.release import ledger_path
from deployer.environment.open import open_session
from deployer.errors import DeployerError
from deployer.manifest.load import Loaded, load
from deployer.targets.registry import RECORDED


def tag(loaded: Loaded) -> str:
    """The commit that is checked out; or, where an image has to be healthy elsewhere first, one with the same source.

    A merge makes a commit of its own, for which no image was built. Its source is that of the merged commit, which has
    one.
    """
    root = loaded.path.resolve().parent
    commit = git.commit(root)
    elsewhere = loaded.manifest.protect.healthy_in
    if elsewhere is None:
        return commit
    return same_source(_healthy(load(loaded.path.parent / f"{elsewhere}.yaml")), commit, lambda one: _tree(root, one))


def running(loaded: Loaded) -> str:
    """The image of the last healthy release, so that a plan shows only changes of the manifest; else this commit."""
    return next(reversed(_healthy(loaded)), None) or git.commit(loaded.path.resolve().parent)


def same_source(tags: Sequence[str], commit: str, tree: Callable[[str], str | None]) -> str:
    """The newest of the tags, oldest first, whose tree is that of the commit; else the commit."""
    wanted = tree(commit)
    return next((one for one in reversed(tags) if tree(one) == wanted), commit)


def _healthy(loaded: Loaded) -> list[str]:
    """The tags of the healthy releases, oldest first."""
    session, _ = open_session(loaded)
    found = ledger.read(
        session.ssm,
        ledger_path(loaded.manifest.app, loaded.manifest.environment),
        RECORDED,
    )
    return [entry.release.tag for entry in found if entry.release.outcome == "healthy"]


def _tree(root: Path, commit: str) -> str | None:
    """The tree of a commit; None for a tag that is not a commit of this repository."""
    try:
        found = git.git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}")
    except DeployerError:
        return None
    return found.decode().strip()
