"""`deployer local ...`: the local world, and how to point any AWS client at it."""

from __future__ import annotations

import json

from msgspec.structs import asdict

from deployer.aws.session import LOCAL_CREDENTIALS
from deployer.local import lifecycle
from deployer.local.settings import WorldSettings


def up(settings: WorldSettings) -> str:
    """Start the world without deploying."""
    world, started = lifecycle.up(settings)
    return "\n".join(
        [
            f"The local world {'is up' if started else 'was up already'} (pid {world.pid}).",
            f"  AWS                {settings.endpoint}",
            f"  ansari-backend     http://127.0.0.1:{settings.backend}",
            f"  Meta, chat page    {settings.meta_url}",
            f"  its log            {settings.log}",
        ]
    )


def down(settings: WorldSettings) -> str:
    """Stop the world and every instance in it."""
    return "The local world is down." if lifecycle.down(settings) else "The local world was not running."


def status(settings: WorldSettings) -> str:
    """Whether it runs, for programs."""
    world = lifecycle.find(settings)
    return json.dumps({"running": world is not None, **(asdict(world) if world else {})}, sort_keys=True)


def env(settings: WorldSettings) -> str:
    """Lines for `eval "$(deployer local env)"`."""
    variables = {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": LOCAL_CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": LOCAL_CREDENTIALS["aws_secret_access_key"],
    }
    return "\n".join(f"export {name}={value}" for name, value in variables.items())
