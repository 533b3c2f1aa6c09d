"""The compute platforms of the local world."""

from __future__ import annotations

from deployer.local.apprunner import AppRunner
from deployer.local.apprunner.switches import SWITCHES as SWITCHES  # noqa: PLC0414 -- the endpoint reads them here
from deployer.local.host import Emulator, Host


def make_emulators(host: Host) -> tuple[Emulator, ...]:
    """Return every compute platform that the world emulates."""
    return (AppRunner(host),)
