"""The compute platforms by the name that a manifest gives them."""

from __future__ import annotations

from collections.abc import Callable

from deployer.aws.session import Session
from deployer.core.release import ReadSettings, RecordedTargets
from deployer.core.target import Description
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.apprunner.target import open_apprunner
from deployer.targets.base import Target
from deployer.targets.ecs_express.description import ECS_EXPRESS
from deployer.targets.ecs_express.target import open_ecs_express

DEFAULT = APP_RUNNER.name
_DESCRIBED: dict[str, Description] = {}
_OPENED: dict[str, Callable[[Session], Target]] = {}
_SETTINGS: dict[str, ReadSettings] = {}
RECORDED = RecordedTargets(DEFAULT, _SETTINGS)


def register(description: Description, opens: Callable[[Session], Target]) -> None:
    """Add a target. `opens` gives it in the account and region of a session."""
    _DESCRIBED[description.name] = description
    _OPENED[description.name] = opens
    _SETTINGS[description.name] = description.read_settings


register(APP_RUNNER, open_apprunner)
register(ECS_EXPRESS, open_ecs_express)


def targets() -> tuple[str, ...]:
    """The names of all targets."""
    return tuple(_DESCRIBED)


def describe(name: str) -> Description:
    """What is known of the target that a manifest names as `service.target`."""
    return _DESCRIBED[name]


def open_target(name: str, session: Session) -> Target:
    """That target, in the account and region of a session."""
    return _OPENED[name](session)
