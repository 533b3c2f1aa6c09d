"""The other environments whose manifests are in the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deployer import git
from deployer.manifest.committed import may_govern
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.model import Manifest
from deployer.manifest.problem import InvalidManifest, Problem
from deployer.manifest.together import clashes
from deployer.project import shortest


def manifests_of_account(loaded: LoadedManifest) -> Iterator[Manifest]:
    """The other manifests of the folder with the same account and endpoint."""
    aws = loaded.manifest.aws
    for path in _beside(loaded):
        other = load_manifest(path).manifest
        if (other.aws.account, other.aws.endpoint) == (aws.account, aws.endpoint):
            yield other


def refuse_shared(loaded: LoadedManifest) -> None:
    """Raise InvalidManifest when another manifest claims this one's service or parameters, as a copied file does.

    Another manifest is read only where its text names them; one that has problems is left to its own verbs. A copy that
    is not committed does not block a committed manifest.
    """
    clashing: list[Problem] = []
    for path in _beside(loaded):
        try:
            if not may_govern(path.read_text(errors="replace"), path.name, loaded.manifest):
                continue
            other = load_manifest(shortest(path))
        except (InvalidManifest, OSError):
            continue
        shared = list(clashes([other, loaded]))
        if shared and (_committed(path) or not _committed(loaded.path)):
            clashing += shared
    if clashing:
        raise InvalidManifest(clashing)


def _committed(path: Path) -> bool:
    return git.committed(path.resolve().parent, path.name) is not None


def _beside(loaded: LoadedManifest) -> list[Path]:
    own = loaded.path.resolve()
    return [path for path in sorted(own.parent.glob("*.yaml")) if path != own and path.is_file()]
