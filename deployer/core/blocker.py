"""What blocks a plan: a problem that must be fixed before anything is applied. A closed union."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from deployer.core.cause import Cause
from deployer.core.table import Shape


class _Blocker(Struct, frozen=True, kw_only=True):
    """`line` is the line of the manifest, "" when there is none; `causes` show what someone changed in AWS."""

    line: str = ""
    causes: tuple[Cause, ...] = ()


class MissingRole(_Blocker, frozen=True):
    """A role that the manifest does not manage does not exist."""

    role: str


class UntrustedRole(_Blocker, frozen=True):
    """A role does not let the platform assume it. `principal` is the platform's, such as tasks.amazonaws.com."""

    role: str
    principal: str


class DeniedActions(_Blocker, frozen=True):
    """A role does not allow what the platform needs to deploy."""

    role: str
    actions: tuple[str, ...]


class MissingImage(_Blocker, frozen=True):
    """ECR does not hold the image, and this machine cannot push it. `digest` is None where only the tag is known."""

    repository: str
    tag: str
    digest: str | None


class TakenTag(_Blocker, frozen=True):
    """ECR holds another image under the tag."""

    tag: str


class WrongPlatform(_Blocker, frozen=True):
    """The image is built for another platform than the one that the target runs, such as linux/amd64."""

    tag: str
    platform: str
    runs: str


class ServicePaused(_Blocker, frozen=True):
    """The service is paused.

    `declared` means that the manifest declares the pause; `deploys` that a deployment waits which the target does not
    make to a paused service.
    """

    service: str
    declared: bool
    deploys: bool


class ForeignService(_Blocker, frozen=True):
    """The service carries the tags of another environment."""

    service: str
    arn: str
    app: str
    environment: str


class BusyService(_Blocker, frozen=True):
    """An operation of the service is under way. `status` is the target's word."""

    service: str
    status: str


class BrokenService(_Blocker, frozen=True):
    """The service is in a state that no deployment ends. `status` is the target's word."""

    service: str
    status: str


class NoScalingRevision(_Blocker, frozen=True):
    """Every one of the `limit` revisions of the scaling configuration is in use."""

    service: str
    limit: int


class LostSettings(_Blocker, frozen=True):
    """The service is gone; a new one would lack `settings`, which the manifest does not name."""

    service: str
    settings: Mapping[str, str]


class FixedSetting(_Blocker, frozen=True):
    """A setting that the target takes only when it creates a service differs from the manifest's."""

    service: str
    name: str
    live: str
    desired: str


class PrivateService(_Blocker, frozen=True):
    """Someone made the service private, and the manifest does not name its network: no release could be verified."""

    service: str


class ParameterInUse(_Blocker, frozen=True):
    """A parameter would be recreated, and containers that start meanwhile would not find it.

    `name` is its name in the manifest.
    """

    variable: str
    name: str


class OtherTarget(_Blocker, frozen=True):
    """The release to roll back to was deployed to another target. Nothing moves a service between targets."""

    number: int
    target: str


class UnsetSecret(_Blocker, frozen=True):
    """A secret has no value, and the deployer cannot make one."""

    variable: str
    name: str


class ReadableSecret(_Blocker, frozen=True):
    """A secret is a plain parameter of `type`, and the deployer cannot replace its value."""

    variable: str
    name: str
    type: str


class LostSecretVersion(_Blocker, frozen=True):
    """The version of a secret that a rollback would bring back no longer exists.

    `readable` means that its parameter is a plain parameter now.
    """

    variable: str
    name: str
    version: int
    readable: bool


class RefusedSecret(_Blocker, frozen=True):
    """The service would refuse the value of a secret at its start. `why` is the service's own text."""

    variable: str
    name: str
    why: str


class RefusedSecrets(_Blocker, frozen=True):
    """The service would refuse the secrets together. `why` is the service's own text."""

    why: str


class MissingTable(_Blocker, frozen=True):
    """A table that the manifest does not manage does not exist."""

    table: str


class ForeignTable(_Blocker, frozen=True):
    """The table carries the tags of another environment."""

    table: str
    arn: str
    app: str
    environment: str


class BusyTable(_Blocker, frozen=True):
    """The table cannot be used or changed now. `status` is DynamoDB's word, such as DELETING."""

    table: str
    status: str


class OtherShape(_Blocker, frozen=True):
    """The table has other keys or indexes than the service uses. Recreating it would lose its messages.

    `managed` means that the deployer would create it.
    """

    table: str
    live: Shape
    desired: Shape
    managed: bool


class OtherInbox(_Blocker, frozen=True):
    """The release to roll back to keeps its inbox in a table that the manifest does not name."""

    number: int
    table: str


class LongRecord(_Blocker, frozen=True):
    """The record of the release would not fit into a parameter of `limit` bytes."""

    size: int
    limit: int


Blocker = (
    MissingRole
    | UntrustedRole
    | DeniedActions
    | MissingImage
    | TakenTag
    | WrongPlatform
    | ServicePaused
    | ForeignService
    | BusyService
    | BrokenService
    | NoScalingRevision
    | LostSettings
    | FixedSetting
    | PrivateService
    | OtherTarget
    | ParameterInUse
    | UnsetSecret
    | ReadableSecret
    | LostSecretVersion
    | RefusedSecret
    | RefusedSecrets
    | MissingTable
    | ForeignTable
    | BusyTable
    | OtherShape
    | OtherInbox
    | LongRecord
)
