"""Read a manifest that may be invalid or absent, for the verbs that must work anyway.

The checked-out file is used where it holds enough. Otherwise its newest committed version is used: of this branch, then
of the others. The version that was used is reported on stderr.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from deployer import git
from deployer.apps.app import App
from deployer.apps.project_file import parse_app, read_app
from deployer.apps.settings import settings_class
from deployer.errors import DeployerError, UsageError, as_typed
from deployer.manifest import contract
from deployer.manifest.identity import Identity, identity_of, read_identity
from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.problem import InvalidManifest, Problem
from deployer.manifest.source import read_file
from deployer.project import PROJECT_FILE, find_root, manifest_path, root_of, shortest
from deployer.view.progress import Reporter

Found = TypeVar("Found")


def read_usable_identity(name: str, report: Reporter) -> Identity:
    """The identity of an environment. Raises UsageError or InvalidManifest when no version of its file has one."""
    path, raw, problem = _file(name)
    if raw is not None:
        try:
            return identity_of(parse(raw, path, App()).manifest, path)
        except InvalidManifest as error:
            problem = error
        if identity := read_identity(raw, path):
            report.note(f"{_state(path, problem)}; what this needs of it is readable")
            return identity
    return _committed(path, problem, report, lambda content: read_identity(content, path))


class UsableManifest(Struct, frozen=True):
    """A manifest to work with, and how many problems the checked-out file has.

    If it has any, `loaded` may be a committed version of it.
    """

    loaded: LoadedManifest
    problems: int = 0


def read_usable_manifest(name: str, report: Reporter) -> UsableManifest:
    """A manifest that holds enough to roll back an environment: neither literals nor settings are needed.

    A committed version is used only if its identity is that of the file, where that is readable. Raises UsageError or
    InvalidManifest when there is none.
    """
    path, raw, problem = _file(name)
    identity: Identity | None = None
    app, faults = _known_app(root_of(path), report)
    if raw is not None:
        try:
            loaded = parse(raw, path, app)
        except InvalidManifest as error:
            problem = error
        else:
            if against := _against_settings(loaded):
                report.note(f"{_state(path, InvalidManifest(against))}; what this needs of it is readable")
            return UsableManifest(loaded, faults + len(against))
        identity = read_identity(raw, path)
    loaded = _committed(path, problem, report, lambda content: _like(content, path, identity, app))
    return UsableManifest(loaded, len(problem.problems) if isinstance(problem, InvalidManifest) else 1)


def _known_app(root: Path, report: Reporter) -> tuple[App, int]:
    """The project's description of the service, and how many problems deployer.yaml has.

    If it has any, its committed version is used; if that has problems too, nothing is known.
    """
    try:
        return read_app(root), 0
    except InvalidManifest as problem:
        raw, count = git.committed(root, PROJECT_FILE), len(problem.problems)
    with suppress(InvalidManifest):
        app = parse_app(raw or b"", Path(PROJECT_FILE))
        report.note(f"{PROJECT_FILE} has problems (just check); its committed version is used")
        return app, count
    report.note(f"{PROJECT_FILE} has problems (just check); its description of the service is not used")
    return App(), count


def _against_settings(loaded: LoadedManifest) -> tuple[Problem, ...]:
    """The conflicts of a manifest with the service's settings, or why they cannot be read."""
    try:
        return contract.problems(loaded, settings_class(loaded.app, loaded.root))
    except InvalidManifest as error:
        return error.problems


def _like(content: bytes, path: Path, identity: Identity | None, app: App) -> LoadedManifest | None:
    """A committed manifest, if it is valid and has this identity."""
    try:
        loaded = parse(content, path, app)
    except InvalidManifest:
        return None
    same = identity is None or identity_of(loaded.manifest, path) == identity
    return loaded if same else None


def _file(name: str) -> tuple[Path, bytes | None, DeployerError | None]:
    """The path of the manifest, its content, and why there is none."""
    try:
        path = manifest_path(name)
        return path, read_file(path), None
    except InvalidManifest as error:  # the file exists, or a path was named
        return path, None, error
    except UsageError as error:
        if not name or Path(name).name != name:
            raise
        return shortest(_root(error) / "env" / f"{name}.yaml"), None, error


def _root(error: UsageError) -> Path:
    """The project's root, which on another branch may have no env/ to recognise it by."""
    try:
        return find_root(Path.cwd())
    except UsageError:
        pass
    try:
        return Path(git.run_git(Path.cwd(), "rev-parse", "--show-toplevel").decode().strip())
    except DeployerError:
        raise error from None


def _committed(
    path: Path, problem: DeployerError | None, report: Reporter, read: Callable[[bytes], Found | None]
) -> Found:
    """The result of the newest committed version of the file that has one. Raises the file's own problem."""
    assert problem is not None
    folder, name = path.resolve().parent, path.name
    while not folder.is_dir():
        folder, name = folder.parent, f"{folder.name}/{name}"
    for version in git.versions(folder, name):
        usable = read(version.content)
        if usable is not None:
            report.note(
                f"{_state(path, problem)}; its version of commit {version.commit[:12]} ({version.when}) is used"
            )
            return usable
    raise problem


def _state(path: Path, problem: DeployerError | None) -> str:
    if not path.is_file():
        return f"{path} is not in this checkout"
    count = len(problem.problems) if isinstance(problem, InvalidManifest) else 1
    return as_typed(f"{path} has {count} problem{'s' if count > 1 else ''} (just check {path.stem})")
