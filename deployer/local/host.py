"""What the AWS endpoint asks of a compute platform on this machine, and gives it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from werkzeug.wrappers import Response

from deployer.local.aws_errors import AwsError
from deployer.local.clients import Clients
from deployer.local.faults import Faults
from deployer.local.instance_credentials import InstanceCredentials


@dataclass(frozen=True)
class Host:
    """Where an emulator runs. `clients` reach the endpoint that it is part of.

    `images` is an OCI image layout, `work` a directory for unpacked images. The public ports of services are served by
    `loop`, which runs in another thread than the callers of `stop`. `credentials` are those of instance roles.
    """

    clients: Clients
    account: str
    region: str
    images: Path
    work: Path
    loop: asyncio.AbstractEventLoop
    faults: Faults
    credentials: InstanceCredentials


@dataclass(frozen=True)
class RunningInstance:
    """An instance that serves. `frozen` means that it has no CPU, `pid` is its process."""

    name: str
    service: str
    pid: int
    requests: int
    frozen: bool


class Emulator(Protocol):
    """A compute platform on this machine.

    `service` is the name of its API in a signature, `failure_code` the code of an error that is the platform's fault.
    """

    @property
    def service(self) -> str: ...

    @property
    def failure_code(self) -> str: ...

    def start(self) -> None:
        """Begin to run services."""

    def stop(self) -> None:
        """Let requests end, stop every instance, close every port. Not from the loop's own thread."""

    def answer(self, operation: str, body: bytes) -> Response | AwsError:
        """The answer to one request."""

    def pushed(self, repository: str, tag: str) -> None:
        """Take note of a tag that was pushed to this account's ECR."""

    def instances(self) -> list[RunningInstance]:
        """Return the instances that serve, oldest first. Not from the loop's own thread."""

    def kill(self, name: str) -> RunningInstance | None:
        """Kill an instance and delete its disk; return what it was, or None if no instance has that name."""
