"""The local world as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping


def render_up(pid: int, endpoint: str, upstream: Mapping[str, str], log: str, *, started: bool) -> str:
    """The addresses of a world that runs; `started` means that it was started now."""
    return "\n".join(
        [
            f"The local world {'is up' if started else 'was up already'} (pid {pid}).",
            f"  AWS                {endpoint}",
            *(f"  {name.ljust(18)} {address}" for name, address in upstream.items()),
            f"  its log            {log}",
        ]
    )


def render_down(*, stopped: bool) -> str:
    """Whether a world was stopped."""
    return "The local world is down." if stopped else "The local world was not running."


def render_killed(name: str, service: str, pid: int) -> str:
    """An instance that was killed."""
    return f"Killed instance {name} of {service} (pid {pid}) and deleted its disk.\nAnother instance is starting."


def world_json(pid: int, ports: Mapping[str, int], root: str) -> str:
    """A world that runs."""
    return json.dumps({"running": True, "pid": pid, "ports": dict(ports), "root": root}, sort_keys=True)


def no_world_json() -> str:
    """A world that does not run."""
    return json.dumps({"running": False})


def render_exports(values: Mapping[str, str]) -> str:
    """Lines for `eval "$(deployer local env)"`."""
    return "\n".join(f"export {name}={value}" for name, value in values.items())
