"""What blocks a plan about the service on its target."""

from __future__ import annotations

from collections.abc import Mapping

from deployer.core.blocker import BaseBlocker


class ServicePaused(BaseBlocker, frozen=True):
    """The service is paused.

    `declared` means that the manifest declares the pause; `deploys` that a deployment waits which the target does not
    make to a paused service.
    """

    service: str
    declared: bool
    deploys: bool


class ForeignService(BaseBlocker, frozen=True):
    """The service carries the tags of another environment."""

    service: str
    arn: str
    app: str
    environment: str


class BusyService(BaseBlocker, frozen=True):
    """An operation of the service is under way. `status` is the target's word."""

    service: str
    status: str


class BrokenService(BaseBlocker, frozen=True):
    """The service is in a state that no deployment ends. `status` is the target's word."""

    service: str
    status: str


class NoScalingRevision(BaseBlocker, frozen=True):
    """Every one of the `limit` revisions of the scaling configuration is in use."""

    service: str
    limit: int


class LostSettings(BaseBlocker, frozen=True):
    """The service is gone; a new one would lack `settings`, which the manifest does not name."""

    service: str
    settings: Mapping[str, str]


class FixedSetting(BaseBlocker, frozen=True):
    """A setting that the target takes only when it creates a service differs from the manifest's."""

    service: str
    name: str
    live: str
    desired: str


class OtherTarget(BaseBlocker, frozen=True):
    """The release to roll back to was deployed to another target. Nothing moves a service between targets."""

    number: int
    target: str


ServiceBlocker = (
    ServicePaused
    | ForeignService
    | BusyService
    | BrokenService
    | NoScalingRevision
    | LostSettings
    | FixedSetting
    | OtherTarget
)
