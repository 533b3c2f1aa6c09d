"""The types of what verbs print with --json; `deployer schema KIND` is generated from them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from deployer.core import finding
from deployer.core.cause import DriftItem
from deployer.core.health import State
from deployer.core.release import Release
from deployer.core.release_diff import ReleaseDifference
from deployer.core.secret_state import SecretStatus
from deployer.manifest.compare import Difference


class Problem(Struct, frozen=True):
    """A problem at a position of a manifest; `line` and `col` count from 1.

    `source` is that line as far as it may be shown, with `***` for the rest; `caret` is the offset in it, from 0.
    """

    file: str
    line: int
    col: int
    what: str
    why: str = ""
    fix: str = ""
    source: str = ""
    caret: int = 0


class ValidManifest(Struct, frozen=True):
    """A manifest without a problem: its file's digest, how many variables it names, and what could not be checked."""

    file: str
    environment: str
    sha256: str
    secrets: int
    literals: int
    unchecked: tuple[str, ...] = ()


class CheckDocument(Struct, frozen=True):
    """Manifests that were read. `manifests` is left out when there is a problem."""

    problems: tuple[Problem, ...]
    manifests: tuple[ValidManifest, ...] = ()


class ReleaseDocument(Release, frozen=True, kw_only=True):
    """An entry of the ledger, with its number there. `live` means that the service runs it."""

    number: int
    live: bool


class ReleasesDiffDocument(Struct, frozen=True):
    """What differs from release `before` to release `after`, by their numbers in the ledger."""

    environment: str
    before: int
    after: int
    differences: tuple[ReleaseDifference, ...]


class EditDocument(Struct, frozen=True):
    """The edit of a variable: `same`, `set`, `added` or `removed`, and its line.

    `before` and `after` are its values, None for a secret and where there is none.
    """

    did: str
    file: str
    line: int
    name: str
    before: str | None
    after: str | None


class FailureDocument(Struct, frozen=True):
    """A deployment that failed: its number in the ledger, None if it is not recorded, when (ISO 8601) and why."""

    number: int | None
    release: str | None
    when: str | None
    why: str


class BlockerSummary(Struct, frozen=True):
    """What blocks the plan of a reconcile: its kind, such as UnsetSecret, and text for people."""

    kind: str
    what: str
    fix: str
    line: str


class TroubleDocument(Struct, frozen=True):
    """What is wrong: its kind, such as FailedCheck, and the fields of this kind that are not empty.

    `serves` means that users are served in spite of it. `what` and `fix` are text for people.
    """

    kind: str
    details: dict[str, Any]
    what: str
    fix: str
    serves: bool


class StatusDocument(Struct, frozen=True):
    """The status of an environment. Absent values are None.

    `state` is what `--exit-code` reports: `healthy`; `degraded` (users are served, something is wrong); `unhealthy`
    (users are not served); `paused`; `deploying` (an operation is under way); `unknown`. `healthy` means that users are
    served, as far as it could be checked; `answers` gives the same as text, and `troubles` what is wrong.

    `service` is the platform's own status. `image` is the digest of the live image, or its name where it is named by a
    tag. `since` is ISO 8601. `waiting`, `given_up` and `oldest_seconds` are about users' messages, as one instance
    reports them. `failed` is the newest deployment when it failed. `edits` counts what a reconcile would change besides
    `staged` and `drift`; `blocked` is what blocks it. With `manifest_problems` the checked-out manifest is not
    compared: `edits` is None, and `staged` and `drift` are since the last release. `declared_paused` means that the
    manifest declares the service paused: then `paused` is not a trouble.
    """

    app: str
    environment: str
    state: State
    service: str | None
    url: str | None
    healthy: bool
    answers: str
    troubles: tuple[TroubleDocument, ...]
    waiting: int | None
    given_up: int | None
    oldest_seconds: float | None
    failed: FailureDocument | None
    auto_deployments: bool | None
    release: str | None
    number: int | None
    image: str | None
    tag: str | None
    since: str | None
    by: str | None
    operation: str | None
    lock: str | None
    hold: str | None
    staged: tuple[DriftItem, ...]
    drift: tuple[DriftItem, ...]
    edits: int | None
    blocked: tuple[BlockerSummary, ...]
    manifest_problems: int = 0
    declared_paused: bool | None = None
    format: int = 2


class ServiceStateDocument(Struct, frozen=True):
    """The outcome of a pause, resume or restart.

    `did` is `paused`, `resumed`, `restarted`, `lifted` (a hold, and nothing else) or `nothing`. `service` is the
    platform's own status afterwards, None when there is no service. `declared` means that the manifest declares the
    service paused. `hold` is the id of the hold that was lifted. `release` runs, or starts with the next resume;
    `number` is its number, None if it is not recorded. `url` is the address of a service that was started.
    """

    environment: str
    did: Literal["paused", "resumed", "restarted", "lifted", "nothing"]
    service: str | None
    declared: bool = False
    hold: str | None = None
    release: str | None = None
    number: int | None = None
    url: str | None = None


class HoldDocument(Struct, frozen=True):
    """The hold on an environment. `release` was rolled back from, `to` was rolled back to; None for a manual hold."""

    id: str
    environment: str
    kind: str
    who: str
    when: str
    reason: str
    release: int | None
    to: int | None


class LogLine(Struct, frozen=True):
    """One line of a log. `at` is ISO 8601 in UTC."""

    at: str
    text: str


class SecretDocument(Struct, frozen=True):
    """A secret as programs read it. `changed` is ISO 8601; `running` is the version that the containers hold.

    `state` is the status as text for people.
    """

    name: str
    status: SecretStatus
    state: str
    version: int | None
    running: int | None
    changed: str | None
    by: str | None


class ImportDocument(Struct, frozen=True):
    """The outcome for one line or one secret: `version` is the new one, None where nothing was written."""

    variable: str
    did: str
    version: int | None = None


class SecretPair(Struct, frozen=True):
    """Two values of a secret as numbers: equal numbers are equal values, None is an absent value."""

    name: str
    left: str | None
    right: str | None
    same: bool


class DiffDocument(Struct, frozen=True):
    """The differences between two environments."""

    left: str
    right: str
    differences: tuple[Difference, ...]
    secrets: tuple[SecretPair, ...]

    @property
    def alike(self) -> bool:
        """Whether nothing differs, and every secret is in both with a value of its own."""
        return not self.differences and all(pair.left and pair.right and not pair.same for pair in self.secrets)


class ProblemDocument(Struct, frozen=True):
    """A problem: its kind, such as MissingRole, the fields of this kind that are not empty, and text for people.

    `line` is the line of the manifest it is about, "" if none.
    """

    what: str
    fix: str
    line: str
    kind: str
    details: dict[str, Any]


class VerifyDocument(Struct, frozen=True):
    """The results of verify. `unseen` is what could not be checked, and why.

    `disagreements` are differences of `.env` or GitHub from the manifest; they block nothing.
    """

    environment: str
    image: str
    problems: tuple[ProblemDocument, ...]
    unseen: tuple[str, ...]
    warnings: tuple[str, ...]
    disagreements: tuple[str, ...] = ()


class FindingDocument(Struct, frozen=True):
    """The result of one check: its kind, such as Clock or Rights, and the fields of this kind that are not empty.

    `unseen` is what could not be checked. `says` and `fix` are text for people; `fix` is "" where none is needed.
    """

    about: str
    state: finding.State
    says: str
    fix: str
    kind: str
    details: dict[str, Any]


class DoctorDocument(Struct, frozen=True):
    """The findings of doctor, one for each check."""

    environment: str
    findings: tuple[FindingDocument, ...]


class DriftDocument(Struct, frozen=True):
    """What was changed outside the deployer, and what was set and waits for a deployment; both sides of each."""

    environment: str
    drift: tuple[DriftItem, ...]
    staged: tuple[DriftItem, ...]
    format: int = 2


class OmittedDocument(Struct, frozen=True):
    """Something that a new manifest does not name: the kind of reason, such as NotRead, and its fields.

    `reaches` means that the service has it now, and loses it with the next deployment. `why` and `fix` are text for
    people.
    """

    name: str
    why: str
    reaches: bool
    fix: str
    kind: str
    details: dict[str, Any]


class AdoptDocument(Struct, frozen=True):
    """A manifest that was written from an existing service. `blockers` holds the commands to run before a plan.

    `extra` names the variables that the service has no setting for, `shared` what another manifest claims too.
    """

    file: str
    environment: str
    account: str
    region: str
    service: str
    parameter_path: str
    image: str
    secrets: tuple[str, ...]
    literals: tuple[str, ...]
    extra: tuple[str, ...]
    left: tuple[OmittedDocument, ...]
    expected: tuple[str, ...]
    blockers: tuple[str, ...]
    shared: tuple[str, ...]


class RemovedDocument(Struct, frozen=True):
    """A resource that is deleted: its kind, its name, and the consequence as text, "" for none."""

    kind: str
    name: str
    note: str


class KeptDocument(Struct, frozen=True):
    """A resource that is kept: its kind, its name, and why. `note` is the reason as text for people."""

    kind: str
    name: str
    note: str
    reason: str
    details: dict[str, Any]


class DestroyDocument(Struct, frozen=True):
    """What was deleted of an environment, and what is kept and why."""

    environment: str
    deleted: tuple[RemovedDocument, ...]
    kept: tuple[KeptDocument, ...]


class BootstrapStep(Struct, frozen=True):
    """One step of a bootstrap: "+" or "~", what it creates or changes, to what, why, and the manifest's line."""

    symbol: str
    address: str
    detail: str
    reason: str
    line: str


class BootstrapDocument(Struct, frozen=True):
    """What an account needs before a deployment. `done` means that the steps were taken.

    `fingerprint` is the consent to exactly these steps; `settled` lists what is as it should be.
    """

    environment: str
    fingerprint: str
    done: bool
    steps: tuple[BootstrapStep, ...]
    settled: tuple[str, ...]
    blockers: tuple[ProblemDocument, ...]
    notes: tuple[str, ...]


class BootstrapCommand(Struct, frozen=True):
    """A step as shell lines; `document` is the JSON that it writes, None for none."""

    about: str
    document: Any
    lines: str


class BootstrapCommands(Struct, frozen=True):
    """The steps of a bootstrap for a person who runs them by hand."""

    environment: str
    commands: tuple[BootstrapCommand, ...]


class ImageDocument(Struct, frozen=True):
    """The outcome of an image build or push: `built`, `pushed`, or `there` when ECR held it already.

    `digest` is ECR's, None when ECR was not asked; `tool` is what built it, None when nothing was built.
    """

    environment: str
    did: str
    repository: str
    tag: str
    digest: str | None
    platform: str
    tool: str | None


class GitHubChange(Struct, frozen=True):
    """A change on GitHub: added (+), changed (~) or removed (-). `value` is a variable's; "" for a secret.

    `reason` is the cause as text for people.
    """

    kind: str
    symbol: str
    name: str
    reason: str
    value: str
    line: str
    cause: dict[str, Any]


class GitHubNote(Struct, frozen=True):
    """Something on GitHub that is only reported: the deployer did not create it, or people have to set it."""

    what: str
    why: str
    kind: str


class GitHubDocument(Struct, frozen=True):
    """One environment of a repository on GitHub. `written` means that the changes were made."""

    repository: str
    environment: str
    fingerprint: str
    written: bool
    changes: tuple[GitHubChange, ...]
    left: tuple[GitHubNote, ...]
    problems: tuple[ProblemDocument, ...]
    unchanged: int
