"""The compute seam: what the deployer needs of whatever runs the service."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.core.finding import Finding
from deployer.core.observed import ObservedService, ScalingRevision
from deployer.core.service import Scaling, ServiceSpec
from deployer.core.target import Description


class Progress(Enum):
    """Where an operation is. The last three are ends."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"


class Operation(Struct, frozen=True):
    """One operation of a service. `deploys` means that it brings a release, `deletes` that it ends the service.

    `started` and `ended` are seconds since 1970; `ended` is 0 while it runs.
    """

    id: str
    kind: str
    progress: Progress
    started: float
    deploys: bool
    ended: float = 0.0
    deletes: bool = False

    @property
    def seconds(self) -> int:
        """How long it took, rounded up; 0 where that is not known."""
        return max(math.ceil(self.ended - self.started), 0) if self.ended and self.started else 0


class RunningOperation(Struct, frozen=True):
    """A deployment under way."""

    service_arn: str
    operation: str


class LogPlaces(Struct, frozen=True):
    """Where to read about an operation: the application's log group, the platform's, and its streams there.

    `platform` is "" for a platform that writes no log: it has only events. `mark` is what the platform writes before
    each of its lines.
    """

    application: str
    platform: str
    streams: str
    mark: str = ""


class Event(Struct, frozen=True):
    """One line of what a platform reports about a service. `at` is in seconds since 1970."""

    at: float
    text: str


class OperationSource(Protocol):
    """What waiting for an operation needs of a target."""

    @property
    def description(self) -> Description:
        """What is known of the target without asking it."""

    def progress(self, started: RunningOperation) -> Progress | None:
        """How far the operation is; None while the platform does not list it yet."""


class Target(OperationSource, Protocol):
    """One way of running a service. Every call either answers or raises; nothing is guessed."""

    def observe(self, name: str) -> tuple[ObservedService | None, tuple[ScalingRevision, ...]]:
        """The living service of this name, if any, and the revisions of its scaling configuration, oldest first."""

    def newest_operation(self, arn: str) -> Operation | None:
        """What was done last to a service, or None."""

    def restart(self, arn: str) -> RunningOperation:
        """Deploy what the service runs once more, with new instances."""

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set these tags of a service; others stay."""

    def create(
        self, name: str, spec: ServiceSpec, tags: Mapping[str, str], fixed: Mapping[str, str]
    ) -> RunningOperation:
        """Start the creation of the service. `fixed` are settings that only a new service takes."""

    def update(self, arn: str, spec: ServiceSpec, kept: Mapping[str, object]) -> RunningOperation:
        """Start a deployment of the whole spec to an existing service, with the `unmodelled` settings it has."""

    def delete(self, arn: str) -> RunningOperation:
        """Start the deletion of a service, for good."""

    def examine(self) -> Iterator[Finding]:
        """Whether the account can use this target, for the doctor."""

    def is_too_new(self, error: ClientError) -> bool:
        """Whether a refusal passes because a role was changed just now."""

    def is_occupied(self, error: ClientError) -> bool:
        """Whether a refusal passes when the operation that is under way has ended."""

    def failure_reason(self, started: RunningOperation, lines: Sequence[str]) -> str:
        """Why an operation failed, on one short line; "" when no cause is named. `lines` are the platform's own."""

    def logs(self, started: RunningOperation) -> LogPlaces:
        """Where to look while it runs and when it fails."""

    def events(self, started: RunningOperation, since: float) -> Sequence[Event]:
        """What the platform reports besides its log, oldest first, from `since` (seconds since 1970) on.

        Without an operation in `started`, it is about the whole service.
        """


@runtime_checkable
class Pauses(Protocol):
    """A target with the capability `pause`."""

    def resume(self, arn: str) -> RunningOperation | None:
        """Start a paused service; None when it runs already."""

    def pause(self, arn: str) -> RunningOperation | None:
        """Stop every instance of a running service; None when it is paused already."""


@runtime_checkable
class KeepsScalings(Protocol):
    """A target with the capability `scaling_revisions`: a deployment uses the revision with the numbers of its spec."""

    def create_scaling(self, name: str, scaling: Scaling) -> None:
        """Create a revision with these numbers."""

    def delete_scaling(self, arn: str) -> None:
        """Delete a revision that no service uses. A revision that is already gone is not an error."""


def pausing(target: Target) -> Pauses:
    """The target, for a plan that pauses or resumes its service. Plans do so only with the capability `pause`."""
    assert isinstance(target, Pauses)
    return target


def scaling(target: Target) -> KeepsScalings:
    """The target, for a plan that creates or deletes revisions. Plans do so only with `scaling_revisions`."""
    assert isinstance(target, KeepsScalings)
    return target
