"""Changes of the service: its variables, its deployment, and whether it is paused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.cause import Cause, State
from deployer.core.change import BaseChange
from deployer.core.service import Scaling, ServiceSpec


class ServiceVariable(BaseChange, frozen=True):
    """Change how the service itself is given one variable: a plain value, or a parameter. The deployment brings it.

    `old` and `new` are None where there is none; a value that may be a secret is hidden. `root` is the path of the
    environment's parameters.
    """

    group: ClassVar[str] = "Variables"
    variable: str
    kind: Literal["literal", "secret"]
    old: State | None
    new: State | None
    root: str

    @property
    def address(self) -> str:
        return self.variable


class CreateScaling(BaseChange, frozen=True):
    """Create a revision of the service's scaling configuration, on a target where they are immutable.

    `replaces` is the ARN of an unused revision that is deleted first, because the target keeps only some.
    """

    group: ClassVar[str] = "Service"
    name: str
    scaling: Scaling
    replaces: str | None = None

    @property
    def address(self) -> str:
        return f"scaling {self.name}"


class TagService(BaseChange, frozen=True):
    """Write the tags that the deployer gives every service; others stay."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str
    tags: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"tags {self.name}"


class Difference(Struct, frozen=True, omit_defaults=True):
    """One difference that a deployment brings to running containers. Only a setting has an `old` and a `new` state."""

    kind: Literal["failed-creation", "image", "variables", "setting", "release-id"]
    names: tuple[str, ...] = ()
    old: State | None = None
    new: State | None = None


class DeployService(BaseChange, frozen=True):
    """Make the one deployment that brings everything else to the running containers.

    `differences` are empty for a service that is created. `fixed` are settings that only a new service takes. `kept`
    are settings of the live service that this version of the deployer does not know, by path: an update sends them
    again.
    """

    group: ClassVar[str] = "Service"
    name: str
    arn: str | None
    spec: ServiceSpec
    release: str
    differences: tuple[Difference, ...]
    fixed: Mapping[str, str] = {}
    kept: Mapping[str, object] = {}

    @property
    def address(self) -> str:
        return self.name

    @property
    def outside(self) -> tuple[Cause, ...]:
        """What someone changed of the service itself since it was released."""
        return tuple(cause for cause in self.causes if cause.is_drift)


class RecordRelease(BaseChange, frozen=True):
    """Record a release that is live and healthy, but missing in the ledger: its run stopped before recording it."""

    group: ClassVar[str] = "Service"
    name: str
    release: str

    @property
    def address(self) -> str:
        return f"record {self.name}"


class PauseService(BaseChange, frozen=True):
    """Pause the service, as the manifest declares. It goes last. `arn` is None for a service that this plan creates."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str | None

    @property
    def address(self) -> str:
        return f"pause {self.name}"


class ResumeService(BaseChange, frozen=True):
    """End a declared pause, where no other release waits. `release` is the id of the release that starts."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str
    release: str

    @property
    def address(self) -> str:
        return f"resume {self.name}"


ServiceChange = (
    ServiceVariable | CreateScaling | TagService | DeployService | RecordRelease | PauseService | ResumeService
)
