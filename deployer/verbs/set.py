"""`deployer set ENV NAME VALUE`: give a literal of a manifest another value."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.edited_manifest import (
    as_secret,
    named_variable,
    parameter_name,
    refuse_credential,
    write_manifest,
)
from deployer.errors import UsageError
from deployer.manifest import edit
from deployer.manifest.load import load_manifest
from deployer.manifest.model import SecretVariable
from deployer.project import manifest_path
from deployer.view.documents.edit import EditDocument


class SetOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a parameter or its variable."""

    environment: str
    name: str
    value: str


def set_variable(options: SetOptions) -> EditDocument:
    """Give a literal another value. Raises UsageError for a secret, and InvalidManifest for a value that is refused."""
    path, value = manifest_path(options.environment), options.value
    loaded = load_manifest(path)
    environment = loaded.manifest.environment
    variable = named_variable(loaded, name := parameter_name(options.name))
    if isinstance(variable, SecretVariable):
        raise UsageError(
            f"{name} is a secret: a manifest never holds its value; nothing was changed",
            why="what is typed on a command line stays in the history of the shell",
            fix=f"just secret set {environment} {name}",
        )
    line = loaded.where("variables", name).line
    if variable.text == value:
        return EditDocument("same", str(path), line, name, value, value)
    refuse_credential(loaded, name, value, f"just remove {environment} {name}, then: {as_secret(environment, name)}")
    write_manifest(loaded, edit.set_value(loaded, name, value))
    return EditDocument("set", str(path), line, name, variable.text, value)
