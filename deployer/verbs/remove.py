"""`deployer remove ENV NAME`: remove a variable from a manifest."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.edited_manifest import named_variable, parameter_name, write_manifest
from deployer.manifest import edit
from deployer.manifest.load import load_manifest
from deployer.manifest.model import LiteralVariable
from deployer.project import manifest_path
from deployer.view.documents.edit import EditDocument


class RemoveOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a parameter or its variable."""

    environment: str
    name: str


def remove_variable(options: RemoveOptions) -> EditDocument:
    """Remove a variable. Raises UsageError for an unknown name, and InvalidManifest when the service needs it."""
    path = manifest_path(options.environment)
    loaded = load_manifest(path)
    variable = named_variable(loaded, name := parameter_name(options.name))
    line = loaded.where("variables", name).line
    write_manifest(loaded, edit.remove(loaded, name))
    value = variable.text if isinstance(variable, LiteralVariable) else None
    return EditDocument("removed", str(path), line, name, value, None)
