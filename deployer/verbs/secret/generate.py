"""`deployer secret generate ENV NAME`: generate a secret of as many random bytes as the manifest declares."""

from __future__ import annotations

import secrets

from msgspec import Struct

from deployer.core.secret import SecretValue
from deployer.environment.secret_parameter import SecretParameter, WrittenSecret, refuse_unusable
from deployer.errors import UsageError
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class GenerateOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a secret or its variable."""

    environment: str
    name: str


def generate_secret(options: GenerateOptions) -> WrittenSecret:
    """Generate a secret and write it. Raises UsageError if it exists, or if the manifest declares no `generate`."""
    loaded = load_manifest(manifest_path(options.environment))
    environment = loaded.manifest.environment
    parameter = SecretParameter.open(loaded, options.name)
    name, size = parameter.name, parameter.secret.generate
    if size is None:
        at = loaded.where("variables", name)
        raise UsageError(
            f"{loaded.path}:{at.line}:{at.col}: {name} has no `generate`",
            why="only its issuer can make a value for it, unless the manifest declares `generate: BYTES`",
            fix=f"just secret set {environment} {name}",
        )
    if existing := parameter.read():
        raise UsageError(
            f"{name} is there already (version {existing.version}); nothing was changed",
            fix=f"just secret rotate {environment} {name}",
        )
    value = SecretValue(secrets.token_urlsafe(size))
    refuse_unusable(loaded, {name: value})
    version = parameter.write(value)
    return WrittenSecret(environment, name, "made", version)
