"""The cause of a change, a notice or a blocker: which states differ, and who changed the live one. Data, no text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct


class CauseKind(StrEnum):
    """The kind of a cause. Programs read these values, so they never change their meaning."""

    NEW = "new"  # the manifest names something that no release had
    MISSING = "missing"  # AWS lacks it, and no recorded release had it
    DIFFERENT = "different"  # AWS has it in another form, and no recorded release shows who changed it
    EDIT = "edit"  # the manifest differs from the running release
    ROLLBACK = "rollback"  # the release that is rolled back to differs from the running one
    DRIFT = "drift"  # AWS differs from the running release
    REMOVED = "removed"  # the running release had it, and AWS lacks it
    CONFLICT = "conflict"  # the manifest and AWS both differ from the running release
    CREATED_OUTSIDE = "created-outside"  # it was created before the first release, not by the deployer
    MADE_READABLE = "made-readable"  # a secret of the running release is a plain parameter now
    WAS_LITERAL = "was-literal"  # a secret that was a literal in the running release
    WAS_READABLE = "was-readable"  # a secret that is a plain parameter, and was before the first release
    STAGED = "staged"  # a parameter was written since the running release, which holds the version before
    PARAMETERS = "parameters"  # the service reads other parameter versions than the running release
    LEFT_BY_FAILED = "left-by-failed"  # a release whose deployment failed wrote it
    LEFT_BY_UNFINISHED = "left-by-unfinished"  # a run that stopped before its deployment wrote it
    UNRECORDED = "unrecorded"  # a release is live, and the ledger does not list it
    RECORDED_FAILED = "recorded-failed"  # a release is live and answers, and the ledger lists it as failed
    NEVER_RAN = "never-ran"  # the platform could not create the service
    NO_REVISION = "no-revision"  # no scaling revision has the desired numbers
    RUNS_AGAIN = "runs-again"  # the service carries the tag of a pause that has ended
    OTHER_CONTENT = "other-content"  # the manifest deploys something else than what was rolled back from
    UNNAMED = "unnamed"  # neither the manifest nor the release that is rolled back to names it
    HELD_BY_SERVICE = "held-by-service"  # the variable is a plain value of the service now
    NEEDED_BY_RELEASE = "needed-by-release"  # the release that a rollback would bring back reads it
    DEEPER = "deeper"  # it lies below a longer path than this environment's parameters
    NOT_OURS = "not-ours"  # it does not carry the deployer's tag
    LEFT_BEHIND = "left-behind"  # the running release had it under another path or name
    IGNORED = "ignored"  # the manifest names it, and the target does not use it
    UNMANAGED = "unmanaged"  # AWS holds it, and the manifest does not name it


DRIFTS: Final = frozenset({CauseKind.DRIFT, CauseKind.REMOVED, CauseKind.CONFLICT, CauseKind.MADE_READABLE})


class State(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One side of a difference. A secret is a version and a path, never a value.

    `value` is text that may be shown. `version`, `path` and `type` (of Parameter Store) name a parameter; `recreated`
    means that it was deleted and created again with that version. `hidden` means that there is something which is not
    shown, because it may be a secret or is too long.
    """

    value: str | None = None
    version: int | None = None
    path: str = ""
    type: str = ""
    recreated: bool = False
    hidden: bool = False


HIDDEN: Final = State(hidden=True)


class Cause(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One cause of a change.

    `subject` is the kind of thing that differs (literal, secret, reference, setting, tag, trust, ...) and `name` its
    name, where that is not the address of the change. `recorded` is its state in the running release, `desired` the
    state that the plan makes, `live` the state that AWS holds; None where there is none or where it does not matter.
    `who` (an ARN or a name) and `when` (ISO 8601 in UTC) are those of the live state, "" where AWS does not report
    them. `release` is the number and `release_id` the id of the release that the cause is about.
    """

    kind: CauseKind
    subject: str = ""
    name: str = ""
    recorded: State | None = None
    desired: State | None = None
    live: State | None = None
    who: str = ""
    when: str = ""
    release: int | None = None
    release_id: str = ""

    @property
    def is_drift(self) -> bool:
        """Whether someone changed AWS outside the deployer."""
        return self.kind in DRIFTS


class DriftItem(Struct, frozen=True):
    """One difference between the running release and live AWS.

    `kind` is the kind of thing that differs: literal, secret, reference, setting, tag, trust, policy, repository,
    lifecycle, image, ... A side is None where the thing is absent. `who` and `when` are None where AWS does not report
    them: it does for parameters.
    """

    address: str
    kind: str
    recorded: State | None
    live: State | None
    who: str | None = None
    when: str | None = None


def drift_items(address: str, causes: Iterable[Cause]) -> Iterator[DriftItem]:
    """The differences among the causes of a change with this address; a cause without sides is not a difference."""
    for cause in causes:
        if cause.is_drift and not (cause.recorded is None and cause.live is None):
            yield drift_item(address, cause)


def drift_item(address: str, cause: Cause) -> DriftItem:
    """The difference between the recorded and the live side of a cause."""
    where = cause.name or address
    return DriftItem(where, cause.subject, cause.recorded, cause.live, cause.who or None, cause.when or None)


def at_version(version: int | None, path: str, *, recreated: bool = False) -> State | None:
    """The state of a secret: its version and path; None without a version."""
    return None if version is None else State(version=version, path=path, recreated=recreated)


def text_or_none(value: str | None) -> State | None:
    """The state of a value that may be shown; None when there is none."""
    return None if value is None else State(value=value)
