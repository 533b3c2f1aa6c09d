"""`deployer local kill-instance`: kill one instance of the service, as a failure of its host would."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError

from msgspec import Struct

from deployer.errors import DeployerError
from deployer.local import lifecycle
from deployer.local.settings import world_settings
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.world_keys import read
from deployer.world_routes import ask

WITHIN = 15  # seconds


class KillInstanceOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path; `instance` how the instance's name begins, None for the oldest."""

    environment: str
    instance: str | None


class KilledInstance(Struct, frozen=True):
    """An instance that was killed. `pid` was its process."""

    name: str
    service: str
    pid: int


def kill_chosen_instance(options: KillInstanceOptions) -> KilledInstance:
    """Kill an instance at once and delete its disk. Raises DeployerError when there is none."""
    settings = world_settings(load_manifest(manifest_path(options.environment)))
    name = settings.manifest.stem
    if lifecycle.find_usable(settings) is None:
        raise DeployerError("the local world is not running", fix=f"just reconcile {name}")
    route = f"{settings.endpoint}/_local/instances/kill"
    try:
        answer = ask(
            route, read(settings.keys, settings.endpoint), {"instance": options.instance or ""}, timeout=WITHIN
        )
    except HTTPError as error:
        with error:
            raise DeployerError("no instance was killed", why=_reason(error), fix=_fix(error, name)) from None
    except OSError as error:
        raise DeployerError(
            "the local world did not answer", why=str(error), fix=f"just down {name}, then again"
        ) from None
    killed = answer["killed"]
    return KilledInstance(name=killed["name"], service=killed["service"], pid=killed["pid"])


def _reason(error: HTTPError) -> str:
    try:
        document: dict[str, Any] = json.load(error)
    except ValueError:
        return f"the local world answered {error.code}"
    return str(document["error"])


def _fix(error: HTTPError, name: str) -> str:
    if error.code == HTTPStatus.CONFLICT:
        return "write more of the name after --instance"
    return f"leave out --instance, or deploy the service: just reconcile {name}"
