"""The changes a plan can hold: a closed union. Each shows itself in the same few words and carries no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.desired import WantedImage, WantedParameter, WantedRole
from deployer.core.hold import Hold, Sources
from deployer.core.lifecycle import RELEASED
from deployer.core.service import Scaling, ServiceSpec


class _Change(Struct, frozen=True, kw_only=True):
    """What every change says of itself: "+", "~" or "-", why, and the line of the manifest that asks for it."""

    symbol: Literal["+", "~", "-"]
    reason: str
    line: str = ""


class CreateRepository(_Change, frozen=True):
    """An ECR repository with immutable tags, so that a tag always means the same commit."""

    group: ClassVar[str] = "Image"
    name: str

    @property
    def address(self) -> str:
        return f"repository {self.name}"

    @property
    def detail(self) -> str:
        return "immutable tags, scan on push"


class MendRepository(_Change, frozen=True):
    """Tag immutability or scanning differs from what the deployer keeps."""

    group: ClassVar[str] = "Image"
    name: str
    immutable: bool
    scan_on_push: bool

    @property
    def address(self) -> str:
        return f"repository {self.name}"

    @property
    def detail(self) -> str:
        wrong = [] if self.immutable else ["tags mutable -> immutable"]
        return ", ".join(wrong + ([] if self.scan_on_push else ["scan on push off -> on"]))


class PutLifecycle(_Change, frozen=True):
    """The rule that keeps the newest images."""

    group: ClassVar[str] = "Image"
    repository: str
    policy: str
    keep: int

    @property
    def address(self) -> str:
        return f"lifecycle {self.repository}"

    @property
    def detail(self) -> str:
        return f"keep the newest {self.keep} images, and the newest {RELEASED} releases"


class PushImage(_Change, frozen=True):
    """An image this machine holds and ECR does not."""

    group: ClassVar[str] = "Image"
    image: WantedImage
    digest: str

    @property
    def address(self) -> str:
        return f"image {self.image.short_tag}"

    @property
    def detail(self) -> str:
        return self.digest[:19]


class KeepImage(_Change, frozen=True):
    """A second tag for an image that is about to be released, so that ECR does not expire it."""

    group: ClassVar[str] = "Image"
    image: WantedImage
    digest: str
    tag: str

    @property
    def address(self) -> str:
        return f"tag {self.image.short_tag}"

    @property
    def detail(self) -> str:
        return "kept as a release"


class PutRole(_Change, frozen=True):
    """A managed role: created, or its trust and inline policy written again."""

    group: ClassVar[str] = "Access"
    role: WantedRole
    create: bool

    @property
    def address(self) -> str:
        return f"role {self.role.name}"

    @property
    def detail(self) -> str:
        return "trust and policy"


class PutParameter(_Change, frozen=True):
    """One parameter written. `version` is what AWS must answer; another number means somebody else wrote too.

    `tier` is the one it has: an advanced parameter cannot be turned back into a standard one. `adopts` says that
    somebody else made it, so that it needs the deployer's tag too: PutParameter takes tags only with a creation.
    """

    group: ClassVar[str] = "Variables"
    parameter: WantedParameter
    version: int
    old: str | None
    tier: str = "Standard"
    adopts: bool = False

    @property
    def address(self) -> str:
        return self.parameter.variable

    @property
    def detail(self) -> str:
        return f"{self._written}; adopted" if self.adopts else self._written

    @property
    def _written(self) -> str:
        wanted = self.parameter
        if wanted.restore is not None:
            return f"secret   value of v{wanted.restore} again, as v{self.version}"
        if wanted.value is None:
            return f"secret   {_made(wanted)}"
        new = shown(wanted.value)
        if self.old is None:
            return f"literal  {new}"
        return f"literal  {new} (description)" if self.old == wanted.value else f"literal  {shown(self.old)} -> {new}"


class RecreateParameter(_Change, frozen=True):
    """A parameter whose type an overwrite cannot change: deleted, and created with another type.

    Its versions count from 1 again; its history, labels and policies are gone. `was` is the type it has now, `old` its
    value where that may be shown. `kept` is the path of a SecureString that holds its last value from then on.
    """

    group: ClassVar[str] = "Variables"
    version: ClassVar[int] = 1
    parameter: WantedParameter
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

    @property
    def detail(self) -> str:
        wanted = self.parameter
        if wanted.value is None:
            what = f"secret   {_made(wanted)}"
        elif self.old in {None, wanted.value}:
            what = f"literal  {shown(wanted.value)}"
        else:
            what = f"literal  {shown(self.old or '')} -> {shown(wanted.value)}"
        return f"{what}; {self.was} -> {self.becomes}: deleted with its history, and recreated"


def _made(wanted: WantedParameter) -> str:
    """Where the value of a secret comes from that the deployer writes."""
    return {"generate": "generated now", "local-world": "from the local world"}[wanted.origin.partition(":")[0]]


class AdoptParameter(_Change, frozen=True):
    """A parameter somebody else made gets the deployer's tag. Its value and version stay."""

    group: ClassVar[str] = "Variables"
    parameter: WantedParameter

    @property
    def address(self) -> str:
        return self.parameter.variable

    @property
    def detail(self) -> str:
        return f"{'secret ' if self.parameter.secure else 'literal'}  adopted: tagged, its value stays"


class ServiceVariable(_Change, frozen=True):
    """How the service itself is given one variable: a plain value, or a parameter. The deployment brings it.

    `old` and `new` are words for people, None where there is none: a value that may be a secret is not among them.
    """

    group: ClassVar[str] = "Variables"
    variable: str
    kind: Literal["literal", "secret"]
    old: str | None
    new: str | None

    @property
    def address(self) -> str:
        return self.variable

    @property
    def detail(self) -> str:
        words = " -> ".join(word for word in (self.old, self.new) if word is not None)
        return f"{self.kind:<7}  {words}"


class DeleteParameter(_Change, frozen=True):
    """A parameter of ours that the manifest no longer names. It goes last, when the new release is healthy."""

    group: ClassVar[str] = "Variables"
    path: str

    @property
    def address(self) -> str:
        return self.path

    @property
    def detail(self) -> str:
        return "deleted with its history"


class CreateScaling(_Change, frozen=True):
    """A new revision of the service's auto scaling configuration; App Runner's are immutable.

    `replaces` is the ARN of an unused one that goes first, because App Runner keeps five.
    """

    group: ClassVar[str] = "Service"
    name: str
    scaling: Scaling
    replaces: str | None = None

    @property
    def address(self) -> str:
        return f"scaling {self.name}"

    @property
    def detail(self) -> str:
        scaling = self.scaling
        text = f"{scaling.min} to {scaling.max} instances, {scaling.concurrency} requests each"
        return text + "; an unused revision goes" if self.replaces else text


class TagService(_Change, frozen=True):
    """The tags the deployer gives every service; others stay."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str
    tags: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"tags {self.name}"

    @property
    def detail(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in sorted(self.tags.items()))


class DeployService(_Change, frozen=True):
    """The one deployment that brings everything else to the running containers.

    `outside` names what of the service itself is not as it was released: somebody else changed it. `encryption` is the
    ARN of the key that a new service is encrypted with, "" for one that AWS manages. `kept` are settings of the live
    service that this version of the deployer does not know, by path: an update sends them again.
    """

    group: ClassVar[str] = "Service"
    name: str
    arn: str | None
    spec: ServiceSpec
    release: str
    differences: tuple[str, ...]
    outside: tuple[str, ...] = ()
    encryption: str = ""
    kept: Mapping[str, object] = {}

    @property
    def address(self) -> str:
        return self.name

    @property
    def detail(self) -> str:
        return "create" if self.arn is None else "deploy, because: " + ", ".join(self.differences)


class RecordRelease(_Change, frozen=True):
    """A release that is live and healthy, but missing in the ledger: an earlier run stopped before the record."""

    group: ClassVar[str] = "Service"
    name: str
    release: str

    @property
    def address(self) -> str:
        return f"record {self.name}"

    @property
    def detail(self) -> str:
        return f"release {self.release}"


class PauseService(_Change, frozen=True):
    """The pause that the manifest declares. It goes last. `arn` is None for a service that this plan creates."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str | None

    @property
    def address(self) -> str:
        return f"pause {self.name}"

    @property
    def detail(self) -> str:
        return "stop every instance: users get no answers"


class ResumeService(_Change, frozen=True):
    """The end of a declared pause, where no other release waits. `release` is the id of the one that starts."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str
    release: str

    @property
    def address(self) -> str:
        return f"resume {self.name}"

    @property
    def detail(self) -> str:
        return f"start release {self.release}"


class PlaceHold(_Change, frozen=True):
    """The hold of a rollback: nothing else is deployed until someone lifts it. `old` is the hold it replaces."""

    group: ClassVar[str] = "Hold"
    name: str
    environment: str
    old: Hold | None
    sources: Sources
    refused: tuple[str, ...]

    @property
    def address(self) -> str:
        return "hold"

    @property
    def detail(self) -> str:
        return f"no other deployment until: just resume {self.environment}"


class LiftHold(_Change, frozen=True):
    """The end of a rollback's hold: what would be deployed is not what was rolled back from."""

    group: ClassVar[str] = "Hold"
    name: str
    hold: Hold

    @property
    def address(self) -> str:
        return "hold"

    @property
    def detail(self) -> str:
        return self.hold.reason


RepositoryChange = CreateRepository | MendRepository | PutLifecycle
ImageChange = RepositoryChange | PushImage | KeepImage
VariableChange = PutParameter | RecreateParameter | AdoptParameter | ServiceVariable | DeleteParameter
ServiceChange = CreateScaling | TagService | DeployService | RecordRelease | PauseService | ResumeService
HoldChange = PlaceHold | LiftHold
Change = PutRole | ImageChange | VariableChange | ServiceChange | HoldChange


def shown(value: str) -> str:
    """A literal as a plan shows it: on one line, quoted when it needs it, cut when long."""
    text = value if value and value.isprintable() and value == value.strip() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
