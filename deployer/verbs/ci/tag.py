"""`deployer ci tag ENV`: print the tag of the image that a workflow plans with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from deployer import git
from deployer.aws import ledger
from deployer.core.release import ledger_path
from deployer.environment.open import open_session
from deployer.errors import DeployerError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.project import manifest_path
from deployer.targets.registry import RECORDED


class TagOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. `running` asks for the image of the last healthy release."""

    environment: str
    running: bool = False


def choose_tag(options: TagOptions) -> str:
    """The commit that is checked out; or, where an image has to be healthy elsewhere first, one with the same source.

    A merge makes a commit of its own, for which no image was built. Its source is that of the merged commit, which has
    one. With `running` it is the tag of the last healthy release, if any, so that a plan shows only changes of the
    manifest.
    """
    loaded = load_manifest(manifest_path(options.environment))
    root = loaded.path.resolve().parent
    commit = git.commit(root)
    if options.running:
        return next(reversed(_healthy(loaded)), None) or commit
    elsewhere = loaded.manifest.protect.healthy_in
    if elsewhere is None:
        return commit
    return same_source(
        _healthy(load_manifest(loaded.path.parent / f"{elsewhere}.yaml")), commit, lambda one: _tree(root, one)
    )


def same_source(tags: Sequence[str], commit: str, tree: Callable[[str], str | None]) -> str:
    """The newest of the tags, oldest first, whose tree is that of the commit; else the commit."""
    source = tree(commit)
    return next((one for one in reversed(tags) if tree(one) == source), commit)


def _healthy(loaded: LoadedManifest) -> list[str]:
    """The tags of the healthy releases, oldest first."""
    session, _ = open_session(loaded)
    releases = ledger.read(
        session.ssm,
        ledger_path(loaded.manifest.app, loaded.manifest.environment),
        RECORDED,
    )
    return [entry.release.tag for entry in releases if entry.release.outcome == "healthy"]


def _tree(root: Path, commit: str) -> str | None:
    """The tree of a commit; None for a tag that is not a commit of this repository."""
    try:
        tree = git.run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}")
    except DeployerError:
        return None
    return tree.decode().strip()
