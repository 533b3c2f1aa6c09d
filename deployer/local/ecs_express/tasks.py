"""Tasks as the API reports them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from deployer.local.ecs_express.answers import present
from deployer.local.ecs_express.configuration import CONTAINER

JSON = dict[str, Any]
KEPT_FOR: Final = 3600.0  # seconds in which a stopped task is still described; AWS says "about an hour"

FAILED_TO_START: Final = "TaskFailedToStart"
CONTAINER_EXITED: Final = "EssentialContainerExited"
BY_SCHEDULER: Final = "ServiceSchedulerInitiated"


@dataclass
class Task:
    """A task. `arn` ends with its id, `revision` is the ARN of its service revision."""

    arn: str
    cluster_arn: str
    service: str
    revision: str
    definition: str
    cpu: str
    memory: str
    image: str
    id: str
    created_at: float = field(default_factory=time.time)
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    health: str = "UNKNOWN"
    digest: str | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    container_reason: str | None = None
    exit_code: int | None = None
    version: int = 1

    def move(self, status: str) -> None:
        self.last_status = status
        self.version += 1
        if status == "RUNNING":
            self.started_at = time.time()
            self.health = "HEALTHY"

    def stopping(self, code: str, reason: str) -> None:
        """Take note of why it stops. The first cause stays."""
        if self.stop_code is None:
            self.stop_code, self.stopped_reason = code, reason
        self.desired_status = "STOPPED"
        if self.last_status != "STOPPED":
            self.move("DEACTIVATING" if self.started_at else "DEPROVISIONING")

    def stopped(self, exit_code: int | None) -> None:
        self.exit_code = exit_code
        self.stopped_at = time.time()
        self.move("STOPPED")

    @property
    def forgotten(self) -> bool:
        return self.stopped_at is not None and time.time() - self.stopped_at > KEPT_FOR

    def describe(self) -> JSON:
        times = {"startedAt": self.started_at, "stoppedAt": self.stopped_at}
        ending = {"stopCode": self.stop_code, "stoppedReason": self.stopped_reason}
        return {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition,
            "group": f"service:{self.service}",
            "launchType": "FARGATE",
            "platformFamily": "Linux",
            "platformVersion": "1.4.0",
            "cpu": self.cpu,
            "memory": self.memory,
            "createdAt": self.created_at,
            "lastStatus": self.last_status,
            "desiredStatus": self.desired_status,
            "healthStatus": "UNKNOWN",  # only containers with a health check of their own have another
            "version": self.version,
            "containers": [self._container()],
            **present({**times, **ending}),
        }

    def _container(self) -> JSON:
        known = {"imageDigest": self.digest, "exitCode": self.exit_code, "reason": self.container_reason}
        return {
            "containerArn": self.arn.replace(":task/", ":container/"),
            "taskArn": self.arn,
            "name": CONTAINER,
            "image": self.image,
            "lastStatus": self.last_status if self.last_status in {"RUNNING", "STOPPED"} else "PENDING",
            "healthStatus": "UNKNOWN",
            "cpu": "0",
            **present(known),
        }


def new_task_id() -> str:
    return uuid.uuid4().hex
