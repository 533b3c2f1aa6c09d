"""The JSON of `status`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from deployer.core.cause import DriftItem
from deployer.core.health import State


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
