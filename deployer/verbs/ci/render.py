"""`deployer ci render`: write the workflows, or report which of them are out of date."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from deployer.ci.legacy import legacy_workflow
from deployer.ci.workflows import HEAD, workflow_files
from deployer.errors import Blocked, UsageError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.together import crossed, strangers
from deployer.project import find_root, manifest_path

FOLDER: Final = Path(".github/workflows")


class RenderOptions(Struct, frozen=True, kw_only=True):
    """With `check` nothing is written. `legacy` names the environment of a workflow for an existing action."""

    check: bool = False
    legacy: str | None = None


class Workflows(Struct, frozen=True):
    """The files of the workflows. `written` means that they were written, and the `deleted` files deleted."""

    files: tuple[str, ...]
    deleted: tuple[str, ...] = ()
    written: bool = False


def render_workflows(options: RenderOptions) -> Workflows | str:
    """Write the workflows of a checkout, and delete generated files that are no longer needed.

    With `check`, raise Blocked, naming each file that is missing, stale or no longer needed. With `legacy` return the
    text of that workflow.
    """
    if options.legacy is not None:
        if options.check:
            raise UsageError("--check and --legacy exclude each other", fix="choose one of the two")
        return _legacy(load_manifest(manifest_path(options.legacy)))
    root = find_root(Path.cwd())
    desired, left = _desired(root), _left(root)
    if options.check:
        stale = [*(name for name, text in desired.items() if _read(root / FOLDER / name) != text), *left]
        if stale:
            names = ", ".join(str(FOLDER / name) for name in stale)
            raise Blocked(f"workflows differ from the manifests: {names}", fix="just ci render")
        return Workflows(_paths(desired))
    folder = root / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in desired.items():
            (folder / name).write_text(text)
        for name in left:
            (folder / name).unlink()
    except OSError as error:
        raise UsageError(f"{folder} cannot be written", why=error.strerror or "") from None
    return Workflows(_paths(desired), _paths(left), written=True)


def _legacy(loaded: LoadedManifest) -> str:
    """Render the workflow that deploys by an existing action. Raises UsageError without a `github` section."""
    if loaded.manifest.github is None:
        raise UsageError(
            f"the manifest of {loaded.manifest.environment} names no repository",
            why="without its `github` section there is no branch and no credentials for a workflow",
            fix="name the environment of another manifest, or write the section: docs/reference/manifest.md",
        )
    return legacy_workflow(loaded.manifest)


def _paths(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(FOLDER / name) for name in names)


def _desired(root: Path) -> dict[str, str]:
    loaded = [load_manifest(path) for path in sorted((root / "env").glob("*.yaml"))]
    if problems := [*strangers(loaded), *crossed(loaded)]:
        raise InvalidManifest(problems)
    return workflow_files([one.manifest for one in loaded])


def _left(root: Path) -> list[str]:
    """Generated files that are no longer needed."""
    desired = _desired(root)
    paths = sorted((root / FOLDER).glob("*.yml"))
    return [path.name for path in paths if path.name not in desired and (_read(path) or "").startswith(HEAD)]


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
