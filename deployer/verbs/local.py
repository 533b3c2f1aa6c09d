"""`deployer local ...`: start and stop the local world, and point any AWS client at it."""

from __future__ import annotations

import json

from deployer.errors import DeployerError
from deployer.local import lifecycle
from deployer.local.settings import WorldSettings
from deployer.world_keys import read


def up(settings: WorldSettings) -> str:
    """Start the world without deploying."""
    world, started = lifecycle.up(settings)
    return "\n".join(
        [
            f"The local world {'is up' if started else 'was up already'} (pid {world.pid}).",
            f"  AWS                {settings.endpoint}",
            *(f"  {name.ljust(18)} {address}" for name, address in settings.upstream.items()),
            f"  its log            {settings.log}",
        ]
    )


def down(settings: WorldSettings) -> str:
    """Stop the world and every instance in it."""
    return "The local world is down." if lifecycle.down(settings) else "The local world was not running."


def status(settings: WorldSettings) -> str:
    """Whether it runs, for programs."""
    world = lifecycle.find(settings)
    about = {"pid": world.pid, "ports": world.ports, "root": world.root} if world else {}
    return json.dumps({"running": world is not None, **about}, sort_keys=True)


def env(settings: WorldSettings) -> str:
    """Lines for `eval "$(deployer local env)"`, with its access keys. Raises DeployerError when it does not run."""
    if lifecycle.find_usable(settings) is None:
        raise DeployerError("the local world is not running", fix=f"just up {settings.manifest.stem}")
    keys = read(settings.keys, settings.endpoint)
    variables = {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_LOCAL_TOKEN": keys.token,
    }
    return "\n".join(f"export {name}={value}" for name, value in variables.items())
