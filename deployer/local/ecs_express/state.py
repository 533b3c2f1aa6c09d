"""The stored state: clusters, and services with their revisions and deployments. Guarded by one lock, held briefly."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from deployer.local.ecs_express import configuration
from deployer.local.ecs_express.answers import listed_tags
from deployer.local.ecs_express.deployment import Deployment
from deployer.local.ecs_express.tasks import Task

JSON = dict[str, Any]

# ExpressGatewayServiceStatusCode of the API's model.
ACTIVE, DRAINING, INACTIVE = "ACTIVE", "DRAINING", "INACTIVE"
EVENTS_KEPT: Final = 100  # DescribeServices, `events`
INACTIVE_FOR: Final = 3600.0  # seconds in which a deleted service is still described; AWS gives no number


@dataclass(frozen=True)
class Bake:
    """The part of the deployment configuration that can be changed: how long each bake takes, in minutes."""

    canary: int = 3
    full: int = 3


CANARY_PERCENT: Final = 5.0


@dataclass
class Revision:
    """A service revision. `digest` is that of its image, known from the first pull."""

    arn: str
    definition: str
    configuration: JSON
    created_at: float = field(default_factory=time.time)
    digest: str | None = None

    @property
    def path(self) -> str:
        return str(self.configuration["healthCheckPath"])

    @property
    def container(self) -> JSON:
        container: JSON = self.configuration["primaryContainer"]
        return container

    @property
    def low(self) -> int:
        return int(self.configuration["scalingTarget"]["minTaskCount"])

    def describe(self, endpoint: str) -> JSON:
        return {
            "serviceRevisionArn": self.arn,
            "taskDefinitionArn": self.definition,
            "createdAt": self.created_at,
            "ingressPaths": [{"accessType": "PUBLIC", "endpoint": endpoint}],
            **configuration.as_reported(self.configuration),
        }


@dataclass
class Provisioning:
    """The managed resources: how many of them are ready, in their order, and why the next one failed."""

    ready: int = 0
    failure: str | None = None
    deleting: bool = False
    updated_at: float = field(default_factory=time.time)

    def advance(self) -> None:
        """Take note that the next resource is ready, perhaps after it failed."""
        self.ready += 1
        self.failure = None
        self.updated_at = time.time()


@dataclass
class Service:
    """A service. `port` of this machine is its URL for as long as it exists; `active` are its revisions in use.

    `desired` is how many tasks shall run.
    """

    arn: str
    name: str
    cluster: str
    cluster_arn: str
    infrastructure_role: str
    port: int
    log_group: str
    tags: dict[str, str]
    status: str = ACTIVE
    bake: Bake = Bake()
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    revisions: list[Revision] = field(default_factory=list)  # oldest first
    active: list[Revision] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)  # oldest first
    current: Deployment | None = None
    tasks: list[Task] = field(default_factory=list)  # oldest first
    events: deque[JSON] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))  # newest first
    desired: int = 0
    resources: Provisioning = field(default_factory=Provisioning)

    @property
    def endpoint(self) -> str:
        """Return the public endpoint, without a scheme as in AWS."""
        return f"127.0.0.1:{self.port}"

    def become(self, status: str) -> None:
        self.status = status
        self.updated_at = time.time()

    @property
    def forgotten(self) -> bool:
        return self.status == INACTIVE and time.time() - self.updated_at > INACTIVE_FOR

    def tell(self, text: str) -> None:
        """Add a service event."""
        event = {"id": str(uuid.uuid4()), "createdAt": time.time(), "message": f"(service {self.name}) {text}"}
        self.events.appendleft(event)

    def add_task(self, task: Task) -> None:
        self.tasks = [*(known for known in self.tasks if not known.forgotten), task]

    def running(self, revision: str | None = None) -> list[Task]:
        """Return the tasks that run, of one revision or of all."""
        return [task for task in self.tasks if task.last_status == "RUNNING" and revision in {None, task.revision}]

    def pending(self, revision: str | None = None) -> list[Task]:
        """Return the tasks that start, of one revision or of all."""
        return [
            task
            for task in self.tasks
            if task.desired_status == "RUNNING" and task.last_status != "RUNNING" and revision in {None, task.revision}
        ]

    def summary(self) -> JSON:
        return {
            "serviceArn": self.arn,
            "serviceName": self.name,
            "cluster": self.cluster,
            "status": {"statusCode": self.status},
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }

    def describe(self, *, tags: bool = False) -> JSON:
        current = {"currentDeployment": self.current.arn} if self.current else {}
        return {
            **self.summary(),
            **current,
            "infrastructureRoleArn": self.infrastructure_role,
            "activeConfigurations": [revision.describe(self.endpoint) for revision in self.active],
            **({"tags": listed_tags(self.tags)} if tags else {}),
        }


class Services:
    """All clusters and services of the account and region, in the order of their creation."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clusters: dict[str, JSON] = {}
        self._all: dict[str, Service] = {}

    def add(self, service: Service) -> None:
        """Add a service; it replaces an inactive one of the same name."""
        self._all = {arn: known for arn, known in self._all.items() if not known.forgotten}
        self._all.pop(service.arn, None)
        self._all[service.arn] = service

    def get(self, arn: str) -> Service | None:
        """Return a service, also one that was deleted a while ago."""
        service = self._all.get(arn)
        return None if service is None or service.forgotten else service

    def every(self) -> list[Service]:
        return [service for service in self._all.values() if not service.forgotten]
