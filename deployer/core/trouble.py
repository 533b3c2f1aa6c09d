"""What is wrong with an environment that runs, as `status` lists it. A closed union."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class _Trouble(Struct, frozen=True, kw_only=True):
    """`serves` means that users are served in spite of it."""

    serves: ClassVar[bool] = True


class NoService(_Trouble, frozen=True):
    """The service does not exist."""

    serves: ClassVar[bool] = False


class ServiceNotCreated(_Trouble, frozen=True):
    """The platform could not create the service."""

    serves: ClassVar[bool] = False


class UndeclaredPause(_Trouble, frozen=True):
    """The service is paused, and no manifest declares it. `deploys` means that a deployment waits."""

    serves: ClassVar[bool] = False
    deploys: bool


class FailedCheck(_Trouble, frozen=True):
    """Something that users depend on does not work, as the service reports.

    `reason` is the service's name for the cause, "" when it gave none. `why` and `fix` are from deployer.yaml, "" when
    it does not explain the reason; ENV is the environment.
    """

    serves: ClassVar[bool] = False
    check: str
    reason: str = ""
    why: str = ""
    fix: str = ""


class LongWait(_Trouble, frozen=True):
    """The oldest message waits for longer than several attempts take."""

    seconds: float


class MessagesGivenUp(_Trouble, frozen=True):
    """Messages were given up. `fix` is from deployer.yaml, "" when it names none."""

    count: int
    fix: str = ""


class FailedDeployment(_Trouble, frozen=True):
    """The last deployment failed, and its change still waits. `number` is None if it is not recorded."""

    number: int | None
    why: str


class ImageGone(_Trouble, frozen=True):
    """The image of the running release is no longer in ECR. `number` is None if the release is not recorded."""

    number: int | None
    image: str


class OtherImage(_Trouble, frozen=True):
    """The service runs another image than the release that it names: someone changed it outside the deployer."""

    number: int
    recorded: str
    live: str


class AutomaticDeployments(_Trouble, frozen=True):
    """The platform deploys a pushed image by itself."""


class OtherCallback(_Trouble, frozen=True):
    """Meta sends messages to another URL. `level` is what that callback is set for, by its name in the Graph API."""

    serves: ClassVar[bool] = False
    level: str
    url: str


Trouble = (
    NoService
    | ServiceNotCreated
    | UndeclaredPause
    | FailedCheck
    | LongWait
    | MessagesGivenUp
    | FailedDeployment
    | ImageGone
    | OtherImage
    | AutomaticDeployments
    | OtherCallback
)
