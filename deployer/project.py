"""Where the project is, and which manifest an environment's name means."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from deployer.errors import UsageError

PROJECT_FILE: Final = "deployer.yaml"
_MARKS: Final = (PROJECT_FILE, "pyproject.toml")


def manifest_path(environment: str, start: Path | None = None) -> Path:
    """`staging` is `env/staging.yaml` of the project around the current directory; a path is taken as it is.

    Raises UsageError with the environments there are when the name is none of them.
    """
    if environment.endswith((".yaml", ".yml")):
        return Path(environment)
    folder = find_root(start or Path.cwd()) / "env"
    path = folder / f"{environment}.yaml"
    if Path(environment).name != environment or not path.is_file():
        known = ", ".join(sorted(found.stem for found in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"there is no environment {environment!r}: no {path}", fix=f"use one of: {known}")
    return shortest(path)


def environment_name(environment: str) -> str:
    """The name of an environment that is given by its name or by its manifest's path; the file need not exist."""
    return Path(environment).stem if environment.endswith((".yaml", ".yml")) else environment


def find_root(start: Path) -> Path:
    """The nearest directory, from `start` upwards, that has an `env` directory and a `deployer.yaml`.

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
    """The root of the project that a manifest in `env` belongs to."""
    return manifest.resolve().parent.parent


def shortest(path: Path) -> Path:
    """Relative to the current directory where that is below it: messages read better."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
