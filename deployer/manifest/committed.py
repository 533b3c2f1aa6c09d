"""Find the committed manifests that protect an environment, and what a copy elsewhere must agree with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import Manifest, Protect


class CommittedManifest(Struct, frozen=True):
    """A manifest as a commit holds it. `source` names file and commit for a message: `env/staging.yaml of main`."""

    loaded: LoadedManifest
    source: str


class Rules(Struct, frozen=True):
    """What protects an environment, and the file that contains it; `source` is empty for the file that was given.

    `folder` holds the manifest that protect.healthy_in names.
    """

    protect: Protect
    source: str
    folder: Path


class Disagreement(Struct, frozen=True):
    """The keys in which a manifest differs from the committed manifest of the same environment or service."""

    source: str
    keys: tuple[str, ...]


def may_govern(text: str, name: str, manifest: Manifest) -> bool:
    """Whether a file of this name with this text needs to be parsed to know if it governs `manifest`."""
    path = manifest.aws.parameter_path
    around = [path[: slash.start()] for slash in re.finditer("/", path) if slash.start()]
    inside = any(re.search(rf"{re.escape(one)}(?![\w./-])", text) for one in around)
    same = name == f"{manifest.environment}.yaml"
    return same or manifest.service.name in text or path in text or inside


def governs(committed: Manifest, manifest: Manifest) -> bool:
    """Whether a committed manifest is about the environment, the service or the parameters of `manifest`."""
    if (committed.app, committed.environment) == (manifest.app, manifest.environment):
        return True
    if _account(committed) != _account(manifest):
        return False
    mine, theirs = f"{manifest.aws.parameter_path}/", f"{committed.aws.parameter_path}/"
    return committed.service.name == manifest.service.name or mine.startswith(theirs) or theirs.startswith(mine)


def disagreements(manifest: Manifest, committed: Sequence[CommittedManifest]) -> list[Disagreement]:
    """What a manifest that is not at its committed location must agree with, and does not."""
    compared = [Disagreement(one.source, _different(one.loaded.manifest, manifest)) for one in committed]
    return [one for one in compared if one.keys]


def rules(loaded: LoadedManifest, committed: Iterable[CommittedManifest]) -> tuple[Rules, ...]:
    """The manifest's own rules and those of each committed manifest that differ: all have to be satisfied."""
    distinct = [Rules(loaded.manifest.protect, "", loaded.path.resolve().parent)]
    for one in committed:
        protect, folder = one.loaded.manifest.protect, one.loaded.path.parent
        if all((rule.protect, rule.folder) != (protect, folder) for rule in distinct):
            distinct.append(Rules(protect, one.source, folder))
    return tuple(distinct)


def _account(manifest: Manifest) -> tuple[str, str, str | None]:
    return manifest.aws.account, manifest.aws.region, manifest.aws.endpoint


def _different(committed: Manifest, manifest: Manifest) -> tuple[str, ...]:
    def keys(one: Manifest) -> dict[str, object]:
        return {
            "app": one.app,
            "environment": one.environment,
            "aws.account": one.aws.account,
            "aws.region": one.aws.region,
            "aws.endpoint": one.aws.endpoint,
            "aws.parameter_path": one.aws.parameter_path,
            "service.name": one.service.name,
            "protect": one.protect,
        }

    theirs = keys(committed)
    return tuple(name for name, value in keys(manifest).items() if theirs[name] != value)
