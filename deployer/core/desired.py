"""The desired state: what the manifest asks for, in the terms of AWS, ready to be compared with the observed state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from deployer import names
from deployer.core.cause import Cause, CauseKind, State
from deployer.core.release import ledger_path
from deployer.core.service import Settings
from deployer.core.target import Description, Grant
from deployer.manifest.rule import KeyReason

_COMMIT_TAG = re.compile(r"([0-9a-f]{40})(?:(-dirty).*)?")


class DesiredParameter(Struct, frozen=True):
    """One parameter below the environment's path. A literal has a `value`; a secret never does.

    `origin` is the source of an absent secret: "generate:N", "local-world", or "" when a person sets it. A
    `description` of None keeps the existing one. `restore` is the version of a secret whose value a rollback brings
    back, `restore_by` the time when its release was recorded, in seconds since 1970: a later version with that number
    belongs to a recreated parameter.
    """

    name: str
    path: str
    variable: str
    value: str | None
    origin: str
    description: str | None
    line: str
    restore: int | None = None
    restore_by: float = 0.0

    @property
    def secure(self) -> bool:
        return self.value is None


class DesiredRole(Struct, frozen=True):
    """A role that the deployer may create and repair, with its documents as parsed JSON."""

    name: str
    trust: object
    policy: object
    policy_name: str


# The suffix of an image that is built for the local world. A commit's own tag names its source, which every reconcile
# deploys there.
BUILT_TAG: Final = "-built"


def short_tag(tag: str) -> str:
    """Shorten a tag for people: a full git SHA is cut to 12 digits, any other tag is shown whole."""
    commit = _COMMIT_TAG.fullmatch(tag)
    return commit[1][:12] + (commit[2] or "") if commit else tag


class DesiredImage(Struct, frozen=True):
    """The image to run: by `digest` where it is known, else by the digest that ECR holds under `tag`.

    `here` means that this machine holds the image and can push it.
    """

    repository: str
    tag: str
    digest: str | None
    keep: int
    here: bool = False

    @property
    def short_tag(self) -> str:
        return short_tag(self.tag)


class UnusedKey(Struct, frozen=True):
    """A key that the manifest names below `service` and the target does not use."""

    key: str
    reason: KeyReason
    line: str


class Desired(Struct, frozen=True):
    """The whole desired state.

    `plain` are variables of the service itself; `lines` maps an address to its line in the manifest. `roles` are those
    to create and repair, empty when the manifest does not manage them. `rollback_to` is the number of the recorded
    release that is brought back, `rollback_target` the target it ran on, and `with_secrets` whether its secrets are
    brought back too. `healthy_in` is the environment that must have run the image before. `after_rollback` is "deploy"
    when other content lifts the hold of a rollback, `places_hold` whether this rollback places one. `fixed` are the
    settings that the manifest names and the target takes only when it creates a service. `ignored` are the keys of the
    manifest that the target does not use. `paused` means that the manifest declares the service paused; it is not part
    of a release, and a rollback does not change it. `resources` is the desired state of each kind that is not part of a
    release, by the name of the kind. `grants` is what the role of the containers has to allow for those kinds. The
    image's digest and the release id are not here, because they depend on the observed state.
    """

    target: Description
    app: str
    environment: str
    account: str
    region: str
    parameter_path: str
    image: DesiredImage
    service_name: str
    settings: Settings
    on_unhealthy: str
    manifest_sha: str
    lines: Mapping[str, str]
    parameters: tuple[DesiredParameter, ...] = ()
    plain: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[DesiredRole, ...] = ()
    resources: Mapping[str, Struct] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    rollback_to: int | None = None
    rollback_target: str = ""
    with_secrets: bool = False
    healthy_in: str | None = None
    after_rollback: str = "hold"
    places_hold: bool = False
    fixed: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[UnusedKey, ...] = ()
    paused: bool = False

    def image_identifier(self, digest: str) -> str:
        """The image by digest, in the form that a target and docker accept."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.image.repository}@{digest}"

    @property
    def ledger(self) -> str:
        return ledger_path(self.app, self.environment)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the service, which show a bill or a policy the environment it belongs to."""
        return {"managed-by": "deployer", "app": self.app, "environment": self.environment}

    def edit(
        self,
        subject: str = "",
        *,
        recorded: State | None = None,
        desired: State | None = None,
        live: State | None = None,
    ) -> Cause:
        """The cause of a difference from the running release: an edit of the manifest, or a rollback to a release."""
        kind = CauseKind.ROLLBACK if self.rollback_to else CauseKind.EDIT
        return Cause(
            kind=kind, subject=subject, recorded=recorded, desired=desired, live=live, release=self.rollback_to
        )

    def add(self, subject: str = "", *, desired: State | None = None) -> Cause:
        """The cause of creating something that no release had."""
        if self.rollback_to:
            return self.edit(subject, desired=desired)
        return Cause(kind=CauseKind.NEW, subject=subject, desired=desired)

    @property
    def literals(self) -> dict[str, str]:
        """Every literal by variable, wherever it is stored."""
        return {p.variable: p.value for p in self.parameters if p.value is not None} | dict(self.plain)

    @property
    def secrets(self) -> dict[str, str]:
        """The ARN of the parameter that each variable is read from."""
        return {p.variable: names.path_to_arn(p.path, self.region, self.account) for p in self.parameters}
