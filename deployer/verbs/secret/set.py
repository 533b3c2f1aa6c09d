"""`deployer secret set ENV NAME`: write the value of a secret. The next reconcile deploys it."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.aws.errors import is_denied
from deployer.core.secret import SecretValue
from deployer.environment.secret_parameter import SecretParameter, WrittenSecret, checked, refuse_unusable
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class SetOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a secret or its variable."""

    environment: str
    name: str


def set_secret(options: SetOptions, read: Callable[[str], str]) -> WrittenSecret:
    """Read the value with `read(prompt)` and write it as a new version, unless it is unchanged.

    Raises UsageError for a value that the service would refuse.
    """
    loaded = load_manifest(manifest_path(options.environment))
    parameter = SecretParameter.open(loaded, options.name)
    value = checked(read(f"{parameter.name}: "))
    existing = parameter.read()
    if existing is not None and existing.secure and _holds(parameter, value):
        return WrittenSecret(loaded.manifest.environment, parameter.name, "same", existing.version)
    refuse_unusable(loaded, {parameter.name: value})
    version = parameter.write(value)
    return WrittenSecret(loaded.manifest.environment, parameter.name, "set", version)


def _holds(parameter: SecretParameter, value: SecretValue) -> bool:
    """Whether the secret has this value; False for credentials that may write secrets but not read them."""
    try:
        return parameter.reveal() == value
    except ClientError as error:
        if not is_denied(error):
            raise
        return False
