"""Import the class with the settings of a service."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from pydantic import BaseModel

from deployer.apps.app import App
from deployer.apps.project_file import problem_at
from deployer.errors import InvalidManifest


def settings_class(app: App, root: Path) -> type[BaseModel] | None:
    """The settings that the service reads from its variables; None when the project names no such class.

    The project's folder is searched first. Raises InvalidManifest when the class cannot be imported.
    """
    if app.settings is None:
        return None
    module, _, name = app.settings.partition(":")
    try:
        named = getattr(_import(module, root), name)
    except Exception as error:  # noqa: BLE001 -- the module is the project's own code
        raise _unusable(app.settings, root, f"{type(error).__name__}: {error}") from None
    if not (isinstance(named, type) and issubclass(named, BaseModel)):
        raise _unusable(app.settings, root, "it is not a pydantic model")
    return named


def _import(module: str, root: Path) -> object:
    if module in sys.modules:
        return sys.modules[module]
    sys.path.insert(0, str(root))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(root))


def _unusable(settings: str, root: Path, why: str) -> InvalidManifest:
    return problem_at(
        root,
        "settings",
        what=f"the settings class {settings} cannot be used",
        why=why,
        fix="correct `settings`, or install what the service imports; without the key, variables are not checked",
    )
