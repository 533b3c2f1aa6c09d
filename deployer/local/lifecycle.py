"""Start the local world when it is not there, find it when it is, and stop it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from msgspec import Struct

from deployer.errors import DeployerError
from deployer.local.settings import WorldSettings
from deployer.world_keys import file_of, keys_in, read

START_WITHIN = 60.0  # seconds
STOP_WITHIN = 20.0


class World(Struct, frozen=True):
    """A running local world, as it describes itself. A world of an older version has no `access_key`."""

    pid: int
    root: str
    ports: dict[str, int]
    access_key: str = ""


def find(settings: WorldSettings) -> World | None:
    """The world that answers at the endpoint, or None. Raises DeployerError when it belongs to another checkout."""
    return find_at(settings.aws, settings.root, settings.manifest)


def find_at(port: int, root: Path, manifest: Path) -> World | None:
    """The same for a port of this machine, the root of the checkout, and its manifest."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)  # no proxy is asked for this machine itself
    try:
        connection.request("GET", "/_local/world")
        world = World(**json.load(connection.getresponse()))
    except (OSError, HTTPException, ValueError, TypeError):
        return None  # nothing there, or something else: starting the world will say what
    finally:
        connection.close()
    if world.root != str(root):
        raise DeployerError(
            f"the local world on port {port} belongs to the checkout {world.root}",
            fix=f"stop it there with `just down local`, or choose other ports in {manifest}",
        )
    return world


def find_usable(settings: WorldSettings) -> World | None:
    """The world that answers at the endpoint, or None. Raises DeployerError also when this user has no key for it."""
    return find_usable_at(settings.aws, settings.root, settings.manifest)


def find_usable_at(port: int, root: Path, manifest: Path) -> World | None:
    """The same for a port of this machine, the root of the checkout, and its manifest."""
    world = find_at(port, root, manifest)
    if world is not None:
        _refuse_other_keys(world, port, root, manifest)
    return world


def _refuse_other_keys(world: World, port: int, root: Path, manifest: Path) -> None:
    endpoint = f"http://127.0.0.1:{port}"
    if world.access_key and read(keys_in(root), endpoint).access_key == world.access_key:
        return
    name = manifest.stem
    fix = f"just down {name} && just reconcile {name}"  # a fresh world, with nothing of the old one
    if not world.access_key:
        raise DeployerError(
            f"the local world on port {port} was started by an older version of the deployer",
            why="it checks no keys, so every user of this machine can use it; the fix deletes what it holds",
            fix=fix,
        )
    raise DeployerError(
        f"the keys of the local world on port {port} cannot be read",
        why=f"{file_of(keys_in(root), endpoint)} is missing, of another world, or not readable by this user; "
        "the fix deletes what the world holds",
        fix=fix,
    )


def up(settings: WorldSettings) -> tuple[World, bool]:
    """Make sure the world runs. Returns it, and whether it had to be started."""
    if (world := find_usable(settings)) is not None:
        _same_ports(world, settings)
        return world, False
    refuse_taken_ports(settings, *settings.lines)
    settings.images.mkdir(parents=True, exist_ok=True)
    (settings.home / ".gitignore").write_text("*\n")  # nothing here belongs into a commit, least of all the keys
    with settings.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployer.local.world", str(settings.manifest.resolve())],
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C in this terminal is not meant for it
        )
    end = time.monotonic() + START_WITHIN
    while time.monotonic() < end:
        if (world := find_usable(settings)) is not None:
            return world, True
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise DeployerError(
        "the local world did not start",
        why=_last_lines(settings),
        fix=f"read {settings.log}",
    )


def down(settings: WorldSettings) -> bool:
    """Stop the world and all that it started. Returns False when none was running."""
    world = find(settings)
    if world is None:
        return False
    try:
        os.kill(world.pid, signal.SIGTERM)
    except PermissionError:
        raise DeployerError(
            f"the local world on port {settings.aws} belongs to another user of this machine",
            fix=f"ask that user to stop it, or choose other ports in {settings.manifest}",
        ) from None
    end = time.monotonic() + STOP_WITHIN
    while time.monotonic() < end:
        if not _alive(world.pid):
            return True
        time.sleep(0.05)
    os.kill(world.pid, signal.SIGKILL)
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _same_ports(world: World, settings: WorldSettings) -> None:
    moved = {name: port for name, port in settings.ports.items() if world.ports.get(name) != port}
    if moved:
        names = ", ".join(f"{name} {world.ports.get(name)} -> {port}" for name, port in moved.items())
        raise DeployerError(
            f"the local world runs with other ports than those of {settings.manifest}: {names}",
            fix="just down local, then run again",
        )


def refuse_taken_ports(settings: WorldSettings, *ports: int) -> None:
    """Raises DeployerError when another program listens on one of them; it names the line that chooses the port."""
    taken = [port for port in ports if _taken(port)]
    if taken:
        lines = [f"port {port} of 127.0.0.1 is taken; {settings.lines[port]} chooses it" for port in taken]
        raise DeployerError(
            "; ".join(lines),
            why="another program listens there",
            fix="stop that program, or write a free port on that line, then run again",
        )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _last_lines(settings: WorldSettings) -> str:
    try:
        return "\n       ".join(settings.log.read_text(errors="replace").splitlines()[-8:])
    except OSError:
        return "it left no log"
