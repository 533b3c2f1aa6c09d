"""Where the project is, and which manifest an environment's name means."""

from __future__ import annotations

from pathlib import Path

from deployer.errors import UsageError


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
    """The nearest directory, from `start` upwards, that has an `env` directory beside a `pyproject.toml`."""
    for folder in (start, *start.parents):
        if (folder / "env").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise UsageError(
        f"{start} is not inside the project: no env/ directory here or above",
        fix="change to the project's directory",
    )


def shortest(path: Path) -> Path:
    """Relative to the current directory where that is below it: messages read better."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
