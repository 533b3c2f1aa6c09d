"""The observed state of AWS that a plan is made from. It holds no secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from deployer.core.hold import Hold
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease, Release
from deployer.core.service import Scaling, ServiceSpec
from deployer.core.target import ServiceStatus
from deployer.core.unverified import UnverifiedCheck


class ObservedParameter(Struct, frozen=True):
    """One parameter. `value` is that of a String, `listed` that of a StringList; a SecureString's is never read.

    `ours` means that it carries the deployer's tag. `changed_by` is an ARN, "" if unknown; `changed` is when, in
    seconds since 1970 by AWS's clock. `data_type` is what Parameter Store checks the value for, such as aws:ec2:image.
    """

    secure: bool
    version: int
    value: str | None
    description: str = ""
    tier: str = "Standard"
    ours: bool = True
    changed_by: str = ""
    changed: float = 0.0
    listed: str | None = None
    data_type: str = "text"

    @property
    def type(self) -> str:
        """The parameter's type, as Parameter Store names it."""
        return "SecureString" if self.secure else "String" if self.listed is None else "StringList"

    @property
    def when(self) -> str:
        """The time of its last change in ISO 8601 and UTC; "" when unknown."""
        return datetime.fromtimestamp(self.changed, UTC).isoformat(timespec="seconds") if self.changed else ""


class ObservedRepository(Struct, frozen=True):
    """The ECR repository. `lifecycle` is the policy text, None when there is none."""

    uri: str
    immutable: bool
    scan_on_push: bool
    lifecycle: str | None


class ObservedImage(Struct, frozen=True):
    """The desired image as ECR holds it, with all its tags."""

    digest: str
    tags: tuple[str, ...]


class ObservedRole(Struct, frozen=True):
    """An IAM role. Documents are parsed JSON; `policy` is the inline policy with the name that the deployer uses."""

    arn: str
    trust: object
    policy: object | None


class RemovableRole(Struct, frozen=True):
    """What decides whether a role can be deleted: whether it carries the deployer's tag, and its other policies.

    `policy` is the name of the environment's inline policy; "" when it has none.
    """

    ours: bool
    foreign: tuple[str, ...]
    policy: str = ""


class ScalingRevision(Struct, frozen=True):
    """One revision of the service's auto scaling configuration."""

    arn: str
    scaling: Scaling
    free: bool


class ObservedService(Struct, frozen=True):
    """The service on its target.

    `fixed` are the settings that a target takes only when it creates a service, without those that have their default.
    `unmodelled` are settings that this version does not know, by their path in the target's answer; they may hold a
    secret.
    """

    arn: str
    url: str
    status: ServiceStatus
    spec: ServiceSpec
    tags: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    unmodelled: Mapping[str, object] = field(default_factory=dict)

    def named(self) -> Iterator[tuple[str, str]]:
        """Everything about the service that a plan depends on, by name."""
        yield "service", f"{self.arn} {self.status}"
        yield "service configuration", _digest(to_builtins(self.spec))
        yield "service tags", _digest(dict(self.tags))
        for name, value in self.fixed.items():
            yield f"service {name}", value
        if self.unmodelled:
            yield "service settings of a newer API", _digest(dict(self.unmodelled))


class ObservedLock(Struct, frozen=True):
    """The holder of the environment's lock, its purpose, and whether it has ended."""

    id: str
    holder: str
    where: str
    since: str
    beat: str
    release: str
    operation: str
    over: bool


class Inspection(Struct, frozen=True):
    """What is read only before a deployment, because it is slow or needs more rights.

    `platform` is the image's, such as linux/amd64. `secrets` gives by variable why the service would refuse the value
    that SSM holds. `denied` lists, by role, the actions that the target would need and the role does not allow;
    `untrusted` names the roles that do not trust the target. `unverified` lists the checks that could not be made.
    """

    platform: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    missing_roles: tuple[str, ...] = ()
    untrusted: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unverified: tuple[UnverifiedCheck, ...] = ()


class Observed(Struct, frozen=True):
    """The whole observed state. A missing resource is None; a failed read raises instead.

    `parameters` is keyed by path, `roles` by role name (only those the manifest manages). `restorable` gives by path
    whether an older version of a secret equals the present one ("same"), differs, or is "gone". `intended` is the
    release that was deployed last, as its run wrote it down before it started the deployment; `pending` is the same
    release while it still has to be recorded. `hold` shows who stopped deployments, and why. `resources` is the
    observed state of other kinds, by the name of the kind.
    """

    account: str
    region: str
    parameters: Mapping[str, ObservedParameter] = field(default_factory=dict)
    repository: ObservedRepository | None = None
    image: ObservedImage | None = None
    roles: Mapping[str, ObservedRole | None] = field(default_factory=dict)
    scalings: tuple[ScalingRevision, ...] = ()
    service: ObservedService | None = None
    releases: tuple[RecordedRelease, ...] = ()
    resources: Mapping[str, Struct] = field(default_factory=dict)
    lock: ObservedLock | None = None
    restorable: Mapping[str, str] = field(default_factory=dict)
    inspection: Inspection | None = None
    intended: Release | None = None
    pending: Release | None = None
    hold: Hold | None = None

    def with_unrecorded(self) -> Observed:
        """This state as if a release that is live, but that its run stopped before recording, were recorded."""
        service, intended = self.service, self.intended
        if service is None or intended is None or service.status is not ServiceStatus.RUNNING:
            return self
        live = service.spec.environment.get(RELEASE_VARIABLE)
        if live != intended.id or any(entry.release.id == live for entry in self.releases):
            return self
        number = self.releases[-1].number + 1 if self.releases else 1
        entry = RecordedRelease(number, intended, datetime.fromisoformat(intended.when).timestamp())
        return replace(self, releases=(*self.releases, entry), pending=intended)

    @property
    def unsettled(self) -> bool:
        """Whether an earlier run left its lock behind, or the service is busy: something has to end first."""
        left_behind = self.lock is not None and self.lock.over
        return left_behind or (self.service is not None and self.service.status is ServiceStatus.BUSY)

    def named(self) -> dict[str, str]:
        """Everything that a plan depends on, as text by name: they are compared again before a plan is applied."""
        return dict([("account", self.account), ("region", self.region), *self._of_resources(), *self._of_service()])

    def _of_resources(self) -> Iterator[tuple[str, str]]:
        for path, parameter in self.parameters.items():
            yield (
                f"parameter {path}",
                f"{parameter.type} v{parameter.version}" + ("" if parameter.ours else ", not tagged"),
            )
        if self.repository:
            yield "repository", _digest(to_builtins(self.repository))
        if self.image:
            yield "image", f"{self.image.digest} tagged {' '.join(sorted(self.image.tags))}"
        for name, role in self.roles.items():
            if role:
                yield f"role {name}", _digest([role.trust, role.policy])
        for name, resource in self.resources.items():
            yield name, _digest(to_builtins(resource))

    def _of_service(self) -> Iterator[tuple[str, str]]:
        yield "scaling", " ".join(revision.arn for revision in self.scalings) or "none"
        if self.service:
            yield from self.service.named()
        if self.releases:
            yield "newest release", str(self.releases[-1].number)
        if self.hold:
            yield "hold", f"{self.hold.kind} {self.hold.id}"
        for path, state in self.restorable.items():
            yield f"older version of {path}", state


def moved(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Each value that has changed, as `name: from -> to`."""
    names = [*before, *(name for name in now if name not in before)]
    return [
        f"{name}: {before.get(name, 'nothing')} -> {now.get(name, 'nothing')}"
        for name in names
        if before.get(name) != now.get(name)
    ]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
