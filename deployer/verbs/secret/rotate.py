"""`deployer secret rotate ENV NAME`: replace a secret by new random bytes, or by a value that is read."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from msgspec import Struct

from deployer.core.secret import SecretValue
from deployer.environment.secret_parameter import SecretParameter, WrittenSecret, checked, refuse_unusable
from deployer.errors import UsageError
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class RotateOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a secret or its variable.

    `given` means that the new value was named on the command line, so that it is read in any case.
    """

    environment: str
    name: str
    given: bool = False


def rotate_secret(options: RotateOptions, read: Callable[[str], str]) -> WrittenSecret:
    """Replace an existing secret: by new random bytes if the manifest gives their number, else by `read(prompt)`.

    Raises UsageError for a secret without a value, and for a value that it has already or that the service would
    refuse.
    """
    loaded = load_manifest(manifest_path(options.environment))
    environment = loaded.manifest.environment
    parameter = SecretParameter.open(loaded, options.name)
    name = parameter.name
    if parameter.read() is None:
        raise UsageError(f"{name} has no value that could be replaced", fix=f"just secret set {environment} {name}")
    if parameter.secret.generate and not options.given:
        value = SecretValue(secrets.token_urlsafe(parameter.secret.generate))
    else:
        value = checked(read(f"new {name}: "))
        if parameter.reveal() == value:
            raise UsageError("it already has this value; nothing was changed")
    refuse_unusable(loaded, {name: value})
    version = parameter.write(value)
    return WrittenSecret(environment, name, "replaced", version)
