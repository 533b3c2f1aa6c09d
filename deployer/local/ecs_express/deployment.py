"""Service deployments as the API reports them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from deployer.local.ecs_express.answers import present

if TYPE_CHECKING:
    from deployer.local.ecs_express.state import Revision, Service

JSON = dict[str, Any]

# ServiceDeploymentStatus of the API's model.
PENDING, IN_PROGRESS, SUCCESSFUL = "PENDING", "IN_PROGRESS", "SUCCESSFUL"
STOP_REQUESTED, STOPPED = "STOP_REQUESTED", "STOPPED"
ROLLBACK_REQUESTED, ROLLING_BACK = "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"
ROLLED_BACK, ROLLBACK_FAILED = "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"
ENDED: Final = frozenset({SUCCESSFUL, STOPPED, ROLLED_BACK, ROLLBACK_FAILED})

MONITORING, TRIGGERED, COMPLETE, DISABLED = "MONITORING", "TRIGGERED", "MONITORING_COMPLETE", "DISABLED"
FEWEST_FAILURES, MOST_FAILURES = 3, 200  # DeploymentCircuitBreaker in the API's model


@dataclass
class Deployment:
    """A deployment of `target`, which replaces `source`. It is not reported before it is `listed`."""

    arn: str
    target: Revision
    source: Revision | None
    configuration: JSON
    alarm: str
    created_at: float = field(default_factory=time.time)
    listed: bool = False
    started_at: float | None = None
    updated_at: float = field(default_factory=time.time)
    finished_at: float | None = None
    stopped_at: float | None = None
    status: str = PENDING
    reason: str | None = None
    stage: str | None = None
    weight: float = 0.0  # the target's share of the production traffic, in percent
    failures: int = 0
    breaker: str = MONITORING
    alarms: str = MONITORING
    rollback: JSON | None = None

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def threshold(self) -> int:
        """Return how many failed tasks trip the circuit breaker: half of the desired count, from 3 to 200."""
        return min(max(math.ceil(self.target.low / 2), FEWEST_FAILURES), MOST_FAILURES)

    def move(self, status: str, reason: str | None = None) -> None:
        self.status = status
        self.reason = reason or self.reason
        self.updated_at = time.time()
        if status == IN_PROGRESS and self.started_at is None:
            self.started_at = self.updated_at
        if status in ENDED:
            self.finished_at = self.updated_at
            self.breaker = COMPLETE if self.breaker == MONITORING else self.breaker
            self.alarms = COMPLETE if self.alarms == MONITORING else self.alarms
        if status == STOPPED:
            self.stopped_at = self.updated_at

    def enter(self, stage: str) -> None:
        self.stage = stage
        self.updated_at = time.time()

    def summary(self, service: Service) -> JSON:
        times = {"startedAt": self.started_at, "finishedAt": self.finished_at, "statusReason": self.reason}
        return {
            "serviceDeploymentArn": self.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "createdAt": self.created_at,
            "targetServiceRevisionArn": self.target.arn,
            "status": self.status,
            **present(times),
        }

    def describe(self, service: Service) -> JSON:
        whole = self.summary(service)
        del whole["targetServiceRevisionArn"]
        sources = [self._revision(service, self.source, 100 - self.weight)] if self.source else []
        more = {"stoppedAt": self.stopped_at, "lifecycleStage": self.stage, "rollback": self.rollback}
        triggered = {"triggeredAlarmNames": [self.alarm]} if self.alarms == TRIGGERED else {}
        return {
            **whole,
            "updatedAt": self.updated_at,
            "sourceServiceRevisions": sources,
            "targetServiceRevision": self._revision(service, self.target, self.weight),
            "deploymentConfiguration": self.configuration,
            "deploymentCircuitBreaker": {
                "status": self.breaker,
                "failureCount": self.failures,
                "threshold": self.threshold,
            },
            "alarms": {"status": self.alarms, "alarmNames": [self.alarm], **triggered},
            **present(more),
        }

    def _revision(self, service: Service, revision: Revision, weight: float) -> JSON:
        return {
            "arn": revision.arn,
            "requestedTaskCount": 0 if self.status == ROLLED_BACK and revision is self.target else revision.low,
            "runningTaskCount": len(service.running(revision.arn)),
            "pendingTaskCount": len(service.pending(revision.arn)),
            "requestedProductionTrafficWeight": weight,
        }
