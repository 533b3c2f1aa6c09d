"""Start instances: a disk, a port, an environment, credentials and a process for each."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import shutil
import socket
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from deployer.local.compute.disk import Disk
from deployer.local.compute.instances import Instance
from deployer.local.compute.problem import Problem
from deployer.local.guard import Guard
from deployer.local.host import Host

PORTS = range(20_000, 32_000)  # below what systems give to outgoing connections


class Launcher:
    """Starts instances. `freezes` returns whether they are frozen without a request, `freeze_after` seconds later.

    Their disks are in `folder` of the world's work directory.
    """

    def __init__(self, host: Host, guard: Guard, freezes: Callable[[], bool], freeze_after: float, folder: str) -> None:
        self._guard = guard
        self._region = host.region
        self._url = host.clients.url
        self._credentials = host.credentials
        self._disks = host.work / folder / str(urlsplit(self._url).port)
        self._freezes = freezes
        self._freeze_after = freeze_after
        self._recent: list[int] = []

    def sweep(self) -> None:
        """Delete the disks that a killed world has left."""
        shutil.rmtree(self._disks, ignore_errors=True)

    async def start(
        self,
        command: Sequence[str],
        image: Path,
        directory: str,
        environment: Mapping[str, str],
        write: Callable[[str, str], None],
        *,
        port: int | None = None,
        role: str | None = None,
    ) -> Instance:
        """Start `command` on a copy of the files below `image`; `write` takes the instance's name and output lines.

        Without a fixed `port` it gets a free port in PORT. Raises Problem if the fixed port is taken.

        The environment is what is given and what the platform itself sets, nothing of this process. With the ARN of a
        `role`, the instance gets the role's credentials as on AWS: from an address, for a token.
        """
        name = uuid.uuid4().hex
        if port is not None and not _is_free(port):
            raise Problem(f"Port {port} of 127.0.0.1 cannot be given to the instance: another program listens there.")
        port = port or self._free_port()
        disk = await asyncio.to_thread(Disk.copy_of, image, self._disks / name)
        release = functools.partial(self._release, name, disk)
        try:
            env = {
                "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
                "HOME": str(disk.home),
                "TMPDIR": str(disk.temporary),
                "AWS_ENDPOINT_URL_DYNAMODB": self._url,
                **environment,
                "PORT": str(port),
                "AWS_REGION": self._region,
                "AWS_DEFAULT_REGION": self._region,
                **self._role(name, disk, role),
            }
            argv, cwd = program(command, disk.root), working_directory(disk.root, directory)
            process = await asyncio.to_thread(self._guard.spawn, argv, cwd=cwd, env=env)
        except (OSError, ValueError):
            await asyncio.to_thread(release)
            raise Problem("The application cannot be started with this environment.") from None
        except Problem:
            await asyncio.to_thread(release)
            raise
        instance = Instance(
            name,
            port,
            process,
            self._guard,
            freezes=self._freezes,
            freeze_after=self._freeze_after,
            release=release,
        )
        await instance.attach(functools.partial(write, name))
        return instance

    def _role(self, name: str, disk: Disk, role: str | None) -> dict[str, str]:
        """Return the variables by which an AWS SDK finds the role's credentials."""
        if role is None:
            return {}
        grant = self._credentials.grant(name, role)
        disk.token_file.touch(mode=0o600)
        disk.token_file.write_text(grant.token, encoding="utf-8")
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self._url}{grant.path}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(disk.token_file),
        }

    def _release(self, name: str, disk: Disk) -> None:
        self._credentials.revoke(name)
        disk.delete()

    def _free_port(self) -> int:
        """Return a free port of 127.0.0.1 that was not handed out recently."""
        for _ in range(1000):
            port = random.choice(PORTS)  # noqa: S311 -- no secret
            if port in self._recent:
                continue
            if _is_free(port):
                self._recent = [*self._recent[-200:], port]
                return port
        raise Problem("No free port was found for an instance.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def program(command: Sequence[str], root: Path) -> list[str]:
    """Return the command for this machine: `python` is this interpreter, an absolute path is one in the image."""
    if not command:
        raise Problem("The image has neither an entrypoint nor a command, and the service has no start command.")
    first = command[0]
    if PurePosixPath(first).name in {"python", "python3"}:
        first = sys.executable
    elif first.startswith("/"):
        first = str(root / first.lstrip("/"))
    return [first, *command[1:]]


def working_directory(root: Path, directory: str) -> Path:
    """Return WorkingDir below the image's root. Raises Problem if it does not exist."""
    base = root.resolve()
    path = Path(os.path.normpath(base / directory.lstrip("/"))).resolve()
    if not path.is_relative_to(base) or not path.is_dir():
        raise Problem(f"The image's working directory {directory} is not in the image.")
    return path
