"""`deployer local env`: print the variables that point any AWS client at the local world."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from deployer.errors import DeployerError
from deployer.local import lifecycle
from deployer.local.settings import world_settings
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.world_keys import read


class EnvOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class ClientVariables(Struct, frozen=True):
    """The environment variables of an AWS client, with the access keys of the local world."""

    values: Mapping[str, str]


def describe_access(options: EnvOptions) -> ClientVariables:
    """The variables. Raises DeployerError when the world does not run."""
    settings = world_settings(load_manifest(manifest_path(options.environment)))
    if lifecycle.find_usable(settings) is None:
        raise DeployerError("the local world is not running", fix=f"just up {settings.manifest.stem}")
    keys = read(settings.keys, settings.endpoint)
    return ClientVariables(
        {
            "AWS_ENDPOINT_URL": settings.endpoint,
            "AWS_REGION": settings.region,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_LOCAL_TOKEN": keys.token,
        }
    )
