"""Find the project, and the manifest of an environment's name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from deployer.errors import UsageError

PROJECT_FILE: Final = "deployer.yaml"
_MARKS: Final = (PROJECT_FILE, "pyproject.toml")


def manifest_path(environment: str, start: Path | None = None) -> Path:
    """Return the manifest: `staging` is `env/staging.yaml` of the current project; a path is used as it is.

    Raises UsageError with the environments there are when the name is none of them.
    """
    if environment.endswith((".yaml", ".yml")):
        return Path(environment)
    folder = find_root(start or Path.cwd()) / "env"
    path = folder / f"{environment}.yaml"
    if Path(environment).name != environment or not path.is_file():
        known = ", ".join(sorted(manifest.stem for manifest in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"there is no environment {environment!r}: no {path}", fix=f"use one of: {known}")
    return shortest(path)


def environment_name(environment: str) -> str:
    """Return the environment's name from its name or its manifest's path. The file need not exist."""
    return Path(environment).stem if environment.endswith((".yaml", ".yml")) else environment


def find_root(start: Path) -> Path:
    """Return the nearest directory, from `start` upwards, with an `env` directory and a `deployer.yaml`.

    A `pyproject.toml` is enough: what the deployer knows of the service may be left out.
    """
    for folder in (start, *start.parents):
        if (folder / "env").is_dir() and any((folder / name).is_file() for name in _MARKS):
            return folder
    raise UsageError(
        f"{start} is not inside a project: no directory here or above has both env/ and {PROJECT_FILE}",
        fix="change to the project's directory",
    )


def root_of(manifest: Path) -> Path:
    """Return the root of the project of a manifest in `env`."""
    return manifest.resolve().parent.parent


def shortest(path: Path) -> Path:
    """Return the path relative to the current directory if it is below it: messages read better."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
