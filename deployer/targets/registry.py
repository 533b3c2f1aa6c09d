"""The compute platforms by the name that a manifest gives them."""

from __future__ import annotations

from deployer.aws.session import Session
from deployer.core.release import RecordedTargets
from deployer.core.target import Description
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.apprunner.target import open_apprunner
from deployer.targets.base import Target

DEFAULT = APP_RUNNER.name
_DESCRIBED = {APP_RUNNER.name: APP_RUNNER}
_OPENED = {APP_RUNNER.name: open_apprunner}
TARGETS = tuple(_OPENED)
RECORDED = RecordedTargets(DEFAULT, {name: target.read_settings for name, target in _DESCRIBED.items()})


def describe(name: str) -> Description:
    """What is known of the target that a manifest names as `service.target`."""
    return _DESCRIBED[name]


def open_target(name: str, session: Session) -> Target:
    """That target, in the account and region of a session."""
    return _OPENED[name](session)
