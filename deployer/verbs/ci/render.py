"""`deployer ci render`: write the workflows, or report which of them are out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from deployer.ci.legacy import legacy
from deployer.ci.workflows import HEAD, workflows
from deployer.errors import Blocked, UsageError
from deployer.manifest.load import Loaded, load
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.together import crossed, strangers

FOLDER: Final = Path(".github/workflows")


def render(root: Path) -> str:
    """Write the files of a checkout, and delete generated files that are no longer needed."""
    wanted, left = _wanted(root), _left(root)
    folder = root / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in wanted.items():
            (folder / name).write_text(text)
        for name in left:
            (folder / name).unlink()
    except OSError as error:
        raise UsageError(f"{folder} cannot be written", why=error.strerror or "") from None
    return "\n".join([*(f"{FOLDER / name}" for name in wanted), *(f"{FOLDER / name}: deleted" for name in left)])


def check(root: Path) -> str:
    """Raise Blocked, naming each file that is missing, stale or no longer needed."""
    wanted = _wanted(root)
    stale = [name for name, text in wanted.items() if _read(root / FOLDER / name) != text]
    if stale := [*stale, *_left(root)]:
        names = ", ".join(str(FOLDER / name) for name in stale)
        raise Blocked(f"workflows differ from the manifests: {names}", fix="just ci render")
    return f"{len(wanted)} workflows match the manifests."


def render_legacy(loaded: Loaded) -> str:
    """Render the workflow that deploys by an existing action. Raises UsageError without a `github` section."""
    if loaded.manifest.github is None:
        raise UsageError(
            f"the manifest of {loaded.manifest.environment} names no repository",
            why="without its `github` section there is no branch and no credentials for a workflow",
            fix="name the environment of another manifest, or write the section: docs/reference/manifest.md",
        )
    return legacy(loaded.manifest)


def _wanted(root: Path) -> dict[str, str]:
    loaded = [load(path) for path in sorted((root / "env").glob("*.yaml"))]
    if problems := [*strangers(loaded), *crossed(loaded)]:
        raise InvalidManifest(problems)
    return workflows([one.manifest for one in loaded])


def _left(root: Path) -> list[str]:
    """Generated files that are no longer needed."""
    wanted = _wanted(root)
    found = sorted((root / FOLDER).glob("*.yml"))
    return [path.name for path in found if path.name not in wanted and (_read(path) or "").startswith(HEAD)]


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
