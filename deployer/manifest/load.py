"""Read and check a manifest file: return the model with the position of every line, or raise every problem."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from deployer.apps.app import App
from deployer.apps.project_file import read_app
from deployer.manifest import source, syntax, tree, world
from deployer.manifest.model import Manifest
from deployer.manifest.problem import Finding, InvalidManifest, Position, Problem
from deployer.manifest.scalars import bent
from deployer.project import root_of

if TYPE_CHECKING:
    from deployer.manifest.excerpt import Excerpts


@dataclass(frozen=True, eq=False, repr=False)
class LoadedManifest:
    """A manifest without problems, and its file. `sha256` is the hex digest of the file's bytes.

    `app` is the project's description of the service.
    """

    manifest: Manifest
    app: App
    path: Path
    text: str
    sha256: str
    _root: tree.Node
    _excerpts: dict[frozenset[str], Excerpts] = field(default_factory=dict, init=False)

    @property
    def root(self) -> Path:
        """The root of the project."""
        return root_of(self.path)

    def where(self, *keys: str | int) -> Position:
        """The position of a key, as `where("variables", "logging-level")`; of the nearest group if it is absent."""
        return tree.where(self._root, keys)

    def line(self, *keys: str | int) -> str:
        """The position of a key as `file:line`."""
        return f"{self.path.name}:{self.where(*keys).line}"

    def find(self, *keys: str | int) -> tuple[tree.Word | None, tree.Node | None]:
        """The key and the node at a path; (None, None) where the file has nothing."""
        return tree.find(self._root, keys)

    def problem(self, *keys: str | int, what: str, why: str = "", fix: str = "", hide: Collection[str] = ()) -> Problem:
        """A problem at a position of this file, found by a later stage.

        `hide` names the variables whose values may not be shown in the excerpt.
        """
        from deployer.manifest.explain import excerpts  # noqa: PLC0415 -- a good manifest needs none of it

        closed = frozenset(hide)
        if closed not in self._excerpts:  # each reads the whole file, which is too slow to do for every problem
            self._excerpts[closed] = excerpts(self.path, self.text, self._root, closed)
        return self._excerpts[closed].problem(Finding(self.where(*keys), what, why, fix))


def load_manifest(path: Path) -> LoadedManifest:
    """Read the manifest at a path. Raises InvalidManifest with every problem of the file, or of deployer.yaml."""
    return parse(source.read_file(path), path)


def parse(raw: bytes, path: Path, app: App | None = None) -> LoadedManifest:
    """Parse a manifest's bytes as if they were the file at a path. Raises InvalidManifest with every problem.

    `app` replaces the project's description of the service.
    """
    text, findings = source.decode(raw, path)
    read = syntax.parse(text)
    contents = tree.data(read.root)
    app = app or read_app(root_of(path))
    addresses = tuple(app.local_world.addresses.values())
    manifest: Manifest | None = None
    refused: ValidationError | None = None
    try:
        manifest = Manifest.model_validate(contents)
    except ValidationError as error:
        refused = error
    good = manifest is not None and manifest.environment == path.stem and not any(world.faults(contents, addresses))
    problems: tuple[Problem, ...] = ()
    if not good or findings or read.findings or not _taken_as_written(read.root):
        from deployer.manifest.explain import explain_problems  # noqa: PLC0415 -- a good manifest needs none of it

        problems = explain_problems(path, text, findings, read, contents, refused, addresses)
    if problems or manifest is None or read.root is None:
        raise InvalidManifest(problems)
    return LoadedManifest(manifest, app, path, text, hashlib.sha256(raw).hexdigest(), read.root)


def _taken_as_written(root: tree.Node | None) -> bool:
    """Whether every YAML reader takes each unquoted word as it is written."""
    names = tree.find(root, ("variables",))[1]
    keys = [key for key, _ in names.entries] if isinstance(names, tree.Group) else []
    plain = [word for word in (*keys, *(word for _, word in tree.words(root))) if word.plain]
    return not any(word.value is None or bent(word.text) for word in plain)
