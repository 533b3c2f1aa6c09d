"""The compute platforms of the local world."""

from __future__ import annotations

from deployer.local.apprunner import AppRunner
from deployer.local.apprunner.switches import SWITCHES as OF_APP_RUNNER
from deployer.local.ecs_express import EcsExpress
from deployer.local.ecs_express.switches import SWITCHES as OF_ECS_EXPRESS
from deployer.local.host import Emulator, Host

SWITCHES = {**OF_APP_RUNNER, **OF_ECS_EXPRESS}


def make_emulators(host: Host) -> tuple[Emulator, ...]:
    """Return every compute platform that the world emulates."""
    return (AppRunner(host), EcsExpress(host))
