"""App Runner, as far as it is known without asking it. Pure."""

from __future__ import annotations

from typing import Final

from deployer.core.target import Description
from deployer.targets.apprunner.rights import RIGHTS
from deployer.targets.apprunner.roles import roles
from deployer.targets.apprunner.settings import settings

APP_RUNNER: Final = Description(
    name="apprunner",
    title="App Runner",
    aws_service="apprunner",
    log_groups="/aws/apprunner/{service}",
    settings=settings,
    roles=roles,
    rights=RIGHTS,
)
