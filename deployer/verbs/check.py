"""`deployer check [ENV ...]`: read manifests and report every problem of all of them."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from deployer.apps.settings import settings_class
from deployer.manifest.contract import problems
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.problem import InvalidManifest, Problem
from deployer.manifest.together import clashes, crossed, quarrels, strangers
from deployer.project import find_root, manifest_path


class CheckOptions(Struct, frozen=True, kw_only=True):
    """`environments` are names or manifests' paths; without any, all manifests of the project are read."""

    environments: tuple[str, ...] = ()


class ValidManifests(Struct, frozen=True):
    """Manifests without a problem."""

    manifests: tuple[LoadedManifest, ...]


def check_manifests(options: CheckOptions) -> ValidManifests:
    """Read the manifests. Raises InvalidManifest with all problems of all files, and UsageError for an unknown name."""
    names = options.environments or sorted(path.stem for path in (find_root(Path.cwd()) / "env").glob("*.yaml"))
    loaded: list[LoadedManifest] = []
    faults: list[Problem] = []
    for path in [manifest_path(name) for name in names]:
        try:
            loaded.append(load_manifest(path))
        except InvalidManifest as error:
            faults += error.problems
    for one in loaded:
        try:
            faults += problems(one, settings_class(one.app, one.root))
        except InvalidManifest as error:  # of deployer.yaml
            faults += error.problems
    faults += [*clashes(loaded), *quarrels(loaded), *strangers(loaded), *crossed(loaded)]
    if faults:
        raise InvalidManifest(faults)
    return ValidManifests(tuple(loaded))
