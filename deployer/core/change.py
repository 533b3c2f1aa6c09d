"""The changes of a plan: a closed union. They hold no secret and no text: `view` renders them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.cause import Cause, State
from deployer.core.desired import DesiredImage, DesiredParameter, DesiredRole
from deployer.core.hold import Hold, Sources
from deployer.core.service import Scaling, ServiceSpec
from deployer.core.table import DesiredTable, TableSetting


class _Change(Struct, frozen=True, kw_only=True):
    """`symbol` is "+" for what is created, "~" for what is changed, "-" for what is deleted.

    `causes` are in order of weight; `line` is the line of the manifest that asks for the change, "" when none does.
    """

    symbol: Literal["+", "~", "-"]
    causes: tuple[Cause, ...]
    line: str = ""


class CreateRepository(_Change, frozen=True):
    """Create an ECR repository with immutable tags, so that a tag always means the same commit."""

    group: ClassVar[str] = "Image"
    name: str

    @property
    def address(self) -> str:
        return f"repository {self.name}"


class ChangeRepository(_Change, frozen=True):
    """Set tag immutability or scanning back to what the deployer keeps."""

    group: ClassVar[str] = "Image"
    name: str
    immutable: bool
    scan_on_push: bool

    @property
    def address(self) -> str:
        return f"repository {self.name}"


class PutLifecycle(_Change, frozen=True):
    """Write the rules that keep the newest images."""

    group: ClassVar[str] = "Image"
    repository: str
    policy: str
    keep: int

    @property
    def address(self) -> str:
        return f"lifecycle {self.repository}"


class PushImage(_Change, frozen=True):
    """Push an image that this machine holds and ECR does not."""

    group: ClassVar[str] = "Image"
    image: DesiredImage
    digest: str

    @property
    def address(self) -> str:
        return f"image {self.image.short_tag}"


class KeepImage(_Change, frozen=True):
    """Put a second tag on an image that is about to be released, so that ECR does not expire it."""

    group: ClassVar[str] = "Image"
    image: DesiredImage
    digest: str
    tag: str

    @property
    def address(self) -> str:
        return f"tag {self.image.short_tag}"


class CreateTable(_Change, frozen=True):
    """Create the table of the inbox, wait until it is ready, and switch its expiry on."""

    group: ClassVar[str] = "Inbox"
    table: DesiredTable

    @property
    def address(self) -> str:
        return f"table {self.table.name}"


class ChangeTable(_Change, frozen=True):
    """Set settings of the table back to what the deployer keeps. Its keys and indexes are never changed."""

    group: ClassVar[str] = "Inbox"
    table: DesiredTable
    settings: tuple[TableSetting, ...]

    @property
    def address(self) -> str:
        return f"table {self.table.name}"


class PutRole(_Change, frozen=True):
    """Create a managed role, or write its trust and inline policy again."""

    group: ClassVar[str] = "Access"
    role: DesiredRole
    create: bool

    @property
    def address(self) -> str:
        return f"role {self.role.name}"


class PutParameter(_Change, frozen=True):
    """Write one parameter. `version` is what AWS must answer; another number means that another user wrote too.

    `tier` is its present tier: an advanced parameter cannot be turned back into a standard one. `adopts` means that the
    parameter lacks the deployer's tag, which is added by a call of its own: PutParameter takes tags only when it
    creates.
    """

    group: ClassVar[str] = "Variables"
    parameter: DesiredParameter
    version: int
    old: str | None
    tier: str = "Standard"
    adopts: bool = False

    @property
    def address(self) -> str:
        return self.parameter.variable


class RecreateParameter(_Change, frozen=True):
    """Delete a parameter whose type an overwrite cannot change, and create it with another type.

    Its versions count from 1 again; its history, labels and policies are lost. `was` is its present type, `old` its
    value where that may be shown. `kept` is the path of a SecureString that holds its last value from then on.
    """

    group: ClassVar[str] = "Variables"
    version: ClassVar[int] = 1
    parameter: DesiredParameter
    was: str
    old: str | None
    kept: str
    tier: str = "Standard"

    @property
    def becomes(self) -> str:
        return "SecureString" if self.parameter.secure else "String"

    @property
    def address(self) -> str:
        return self.parameter.variable


class AdoptParameter(_Change, frozen=True):
    """Put the deployer's tag on a parameter that it did not create. Its value and version do not change."""

    group: ClassVar[str] = "Variables"
    parameter: DesiredParameter

    @property
    def address(self) -> str:
        return self.parameter.variable


class ServiceVariable(_Change, frozen=True):
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


class DeleteParameter(_Change, frozen=True):
    """Delete a parameter that carries the deployer's tag and that the manifest no longer names.

    It goes last, when the new release is healthy.
    """

    group: ClassVar[str] = "Variables"
    path: str

    @property
    def address(self) -> str:
        return self.path


class CreateScaling(_Change, frozen=True):
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


class TagService(_Change, frozen=True):
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


class DeployService(_Change, frozen=True):
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


class RecordRelease(_Change, frozen=True):
    """Record a release that is live and healthy, but missing in the ledger: its run stopped before recording it."""

    group: ClassVar[str] = "Service"
    name: str
    release: str

    @property
    def address(self) -> str:
        return f"record {self.name}"


class PauseService(_Change, frozen=True):
    """Pause the service, as the manifest declares. It goes last. `arn` is None for a service that this plan creates."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str | None

    @property
    def address(self) -> str:
        return f"pause {self.name}"


class ResumeService(_Change, frozen=True):
    """End a declared pause, where no other release waits. `release` is the id of the release that starts."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str
    release: str

    @property
    def address(self) -> str:
        return f"resume {self.name}"


class PlaceHold(_Change, frozen=True):
    """Place the hold of a rollback: nothing else is deployed until someone lifts it. `old` is the hold it replaces."""

    group: ClassVar[str] = "Hold"
    name: str
    environment: str
    old: Hold | None
    sources: Sources
    refused: tuple[str, ...]

    @property
    def address(self) -> str:
        return "hold"


class LiftHold(_Change, frozen=True):
    """Lift a rollback's hold: what would be deployed is not what was rolled back from."""

    group: ClassVar[str] = "Hold"
    name: str
    hold: Hold

    @property
    def address(self) -> str:
        return "hold"


RepositoryChange = CreateRepository | ChangeRepository | PutLifecycle
TableChange = CreateTable | ChangeTable
ImageChange = RepositoryChange | PushImage | KeepImage
ParameterChange = PutParameter | RecreateParameter | AdoptParameter | DeleteParameter
ServiceChange = (
    ServiceVariable | CreateScaling | TagService | DeployService | RecordRelease | PauseService | ResumeService
)
HoldChange = PlaceHold | LiftHold
Change = TableChange | PutRole | ImageChange | ParameterChange | ServiceChange | HoldChange
