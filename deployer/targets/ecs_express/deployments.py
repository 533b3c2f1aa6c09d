"""What the deployments of a service show about it. Pure.

A deployment is found by the revision that it brings. A new one is not listed for some seconds, and `ACTIVE` is reported
of a service that has never answered: so its state is that of its deployments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from deployer.core.target import ServiceStatus
from deployer.targets.base import Operation, Progress
from deployer.targets.ecs_express import words
from deployer.targets.ecs_express.spec import tasks_of

# Seconds in which a new revision may have no listed deployment. Not documented: the AWS CLI and AWS's action poll for
# some seconds.
UNLISTED: Final = 120.0
DELETION: Final = "deletion"  # in place of a revision: a deletion has none


class Deployment(Struct, frozen=True):
    """One deployment. `revision` is the ARN of the revision that it brings. A time is in seconds since 1970, or 0."""

    arn: str
    revision: str
    status: str
    reason: str
    created: float
    finished: float = 0.0

    @property
    def progress(self) -> Progress:
        return words.progress(self.status)

    @property
    def operation(self) -> Operation:
        return Operation(self.revision, "a deployment", self.progress, self.created, deploys=True, ended=self.finished)


def read_deployment(listed: Mapping[str, Any]) -> Deployment:
    """A deployment as ListServiceDeployments lists it."""
    return Deployment(
        arn=listed.get("serviceDeploymentArn", ""),
        revision=listed["targetServiceRevisionArn"],
        status=listed["status"],
        reason=listed.get("statusReason", ""),
        created=seconds(listed.get("createdAt")),
        finished=seconds(listed.get("finishedAt")),
    )


def seconds(when: datetime | None) -> float:
    """A time of an answer in seconds since 1970; 0 where there is none."""
    return when.timestamp() if when else 0.0


def newest_first(deployments: Sequence[Deployment]) -> tuple[Deployment, ...]:
    """The order of the list is not documented."""
    return tuple(sorted(deployments, key=lambda one: one.created, reverse=True))


def find(deployments: Sequence[Deployment], operation: str) -> Deployment | None:
    """The newest deployment of a revision, or the deployment with this ARN; None while it is not listed."""
    return next((one for one in newest_first(deployments) if operation in {one.revision, one.arn}), None)


def serving(service: Mapping[str, Any], deployments: Sequence[Deployment]) -> Mapping[str, Any]:
    """The configuration that serves; empty where there is none.

    During a canary two are active: it is that of the newest deployment that has succeeded. Before the first has, it is
    the newest.
    """
    active = {one.get("serviceRevisionArn", ""): one for one in service.get("activeConfigurations") or ()}
    succeeded = (one.revision for one in newest_first(deployments) if one.progress is Progress.SUCCEEDED)
    newest = next((active[revision] for revision in succeeded if revision in active), None)
    return newest or max(active.values(), key=lambda one: seconds(one.get("createdAt")), default={})


def unlisted(service: Mapping[str, Any], deployments: Sequence[Deployment], now: float) -> Operation | None:
    """A deployment that is not listed yet: the service names it, or one of its revisions was created just now.

    The service names none right after Create, and none of a deployment that has ended: so one that is not listed runs.
    """
    current = service.get("currentDeployment") or ""
    if current and current not in {one.arn for one in deployments}:
        return Operation(current, "a deployment", Progress.RUNNING, seconds(service.get("updatedAt")), deploys=True)
    known = {one.revision for one in deployments}
    new = [
        (seconds(one.get("createdAt")), one.get("serviceRevisionArn", ""))
        for one in service.get("activeConfigurations") or ()
        if one.get("serviceRevisionArn") not in known and now - seconds(one.get("createdAt")) < UNLISTED
    ]
    if not new:
        return None
    created, revision = max(new)
    return Operation(revision, "a deployment", Progress.RUNNING, created, deploys=True)


def progress_of(
    service: Mapping[str, Any], deployments: Sequence[Deployment], operation: str, now: float
) -> Progress | None:
    """How far the deployment of a revision is; None while it is not listed.

    A revision that serves, and of which no deployment has been listed for long, needs none.
    """
    deployment = find(deployments, operation)
    if deployment:
        return deployment.progress
    serves = serving(service, deployments).get("serviceRevisionArn") == operation
    return Progress.SUCCEEDED if serves and unlisted(service, deployments, now) is None else None


def status_of(service: Mapping[str, Any], deployments: Sequence[Deployment], now: float) -> ServiceStatus:
    """What a service does. A deployment under way makes it busy, because ECS would accept a second one.

    Only deployments of the last 90 days are listed, so that a service without any is one that was deployed before.
    """
    status = words.status(service["status"]["statusCode"])
    if status is not ServiceStatus.RUNNING:
        return status
    progresses = [one.progress for one in deployments]
    if Progress.RUNNING in progresses or unlisted(service, deployments, now):
        return ServiceStatus.BUSY
    if progresses and not {Progress.SUCCEEDED, Progress.ROLLED_BACK} & set(progresses):
        return ServiceStatus.CREATE_FAILED
    return ServiceStatus.PAUSED if is_paused(serving(service, deployments)) else ServiceStatus.RUNNING


def is_paused(configuration: Mapping[str, Any]) -> bool:
    """Whether no task may run: Express Mode has no pause, and accepts 0 as both bounds."""
    tasks = tasks_of(configuration)
    return (tasks.min, tasks.max) == (0, 0)
