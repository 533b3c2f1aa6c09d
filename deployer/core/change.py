"""The changes a plan can hold: a closed union. Each shows itself in the same few words and carries no secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from deployer.core.desired import WantedImage, WantedParameter, WantedRole
from deployer.core.service import Scaling, ServiceSpec


@dataclass(frozen=True, kw_only=True)
class _Change:
    """What every change says of itself: "+" or "~", why, and the line of the manifest that asks for it."""

    symbol: str
    reason: str
    line: str = ""


@dataclass(frozen=True)
class CreateRepository(_Change):
    """An ECR repository with immutable tags, so that a tag always means the same commit."""

    group: ClassVar[str] = "Image"
    name: str

    @property
    def address(self) -> str:
        return f"repository {self.name}"

    @property
    def detail(self) -> str:
        return "immutable tags, scan on push"


@dataclass(frozen=True)
class MendRepository(_Change):
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


@dataclass(frozen=True)
class PutLifecycle(_Change):
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
        return f"keep the newest {self.keep} images"


@dataclass(frozen=True)
class PushImage(_Change):
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


@dataclass(frozen=True)
class PutRole(_Change):
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


@dataclass(frozen=True)
class PutParameter(_Change):
    """One parameter written. `version` is what AWS must answer; another number means somebody else wrote too."""

    group: ClassVar[str] = "Variables"
    parameter: WantedParameter
    version: int
    old: str | None
    retype: bool

    @property
    def address(self) -> str:
        return self.parameter.variable

    @property
    def detail(self) -> str:
        if self.parameter.value is None:
            return f"secret   {_ORIGINS[self.parameter.origin.partition(':')[0]]}"
        new = shown(self.parameter.value)
        return f"literal  {new}" if self.old is None else f"literal  {shown(self.old)} -> {new}"


_ORIGINS = {"generate": "generated now", "local-world": "from the local world"}


@dataclass(frozen=True)
class CreateScaling(_Change):
    """A new revision of the service's auto scaling configuration; App Runner's are immutable."""

    group: ClassVar[str] = "Service"
    name: str
    scaling: Scaling

    @property
    def address(self) -> str:
        return f"scaling {self.name}"

    @property
    def detail(self) -> str:
        scaling = self.scaling
        return f"{scaling.min} to {scaling.max} instances, {scaling.concurrency} requests each"


@dataclass(frozen=True)
class DeployService(_Change):
    """The one deployment that brings everything else to the running containers."""

    group: ClassVar[str] = "Service"
    name: str
    arn: str | None
    spec: ServiceSpec
    release: str
    differences: tuple[str, ...]

    @property
    def address(self) -> str:
        return self.name

    @property
    def detail(self) -> str:
        return "create" if self.arn is None else "deploy, because: " + ", ".join(self.differences)


@dataclass(frozen=True)
class RecordRelease(_Change):
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


Change = (
    CreateRepository
    | MendRepository
    | PutLifecycle
    | PushImage
    | PutRole
    | PutParameter
    | CreateScaling
    | DeployService
    | RecordRelease
)


def shown(value: str) -> str:
    """A literal as a plan shows it: on one line, quoted when it needs it, cut when long."""
    text = value if value and value.isprintable() and value == value.strip() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
