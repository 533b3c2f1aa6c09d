"""`deployer add ENV NAME`: add a variable to a manifest."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.edited_manifest import as_secret, parameter_name, refuse_credential, write_manifest
from deployer.errors import UsageError
from deployer.manifest import edit
from deployer.manifest.excerpt import harmless
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.view.documents.edit import EditDocument


class AddOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a parameter or its variable.

    A literal has a `value`, and `store` is where it is kept: "parameter", "service", or None for the default. A secret
    has none; `generate` is the number of random bytes that it is made of. `extra` marks a variable that the service has
    no setting for.
    """

    environment: str
    name: str
    value: str | None = None
    secret: bool = False
    generate: int | None = None
    store: str | None = None
    description: str | None = None
    extra: bool = False


def add_variable(options: AddOptions) -> EditDocument:
    """Add a variable. Raises UsageError if it exists or the options contradict each other, and InvalidManifest."""
    entry = _entry(options)
    path, value = manifest_path(options.environment), options.value
    loaded = load_manifest(path)
    environment, name = loaded.manifest.environment, parameter_name(options.name)
    if name in loaded.manifest.variables:
        line = loaded.where("variables", name).line
        raise UsageError(f"{path}:{line}: {name} is there already", fix=f"just set {environment} {name} VALUE")
    if value is not None:
        shown = name if harmless(name) else "NAME"  # a user may have typed the value instead of the name
        refuse_credential(loaded, name, value, as_secret(environment, shown))
    now = write_manifest(loaded, edit.add(loaded, name, entry))
    return EditDocument("added", str(path), now.where("variables", name).line, name, None, value)


def _entry(options: AddOptions) -> str:
    """The variable as the manifest describes it."""
    secret = options.secret or options.generate is not None
    if not secret and options.value is not None:
        return edit.literal(options.value, store=options.store, description=options.description, extra=options.extra)
    if not secret or options.value is not None:
        wrong = "a manifest never holds a secret's value" if secret else "a literal needs a value"
        raise UsageError(wrong, fix="just add ENV NAME VALUE, or: just add ENV NAME --secret")
    if options.store:
        raise UsageError("--store belongs to a literal", fix="leave it out: every secret is kept in SSM")
    return edit.secret(generate=options.generate, description=options.description, extra=options.extra)
