"""The stored state: services and their operations. Guarded by one lock, which is held briefly."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from deployer.local.apprunner import configuration
from deployer.local.apprunner.errors import ResourceNotFound
from deployer.local.compute.image import Identifier

DELETED_FOR = 3600.0  # seconds in which a deleted service can still be described

# ServiceStatus, OperationType and OperationStatus of the API's model.
RUNNING, PAUSED, DELETED = "RUNNING", "PAUSED", "DELETED"
CREATE_FAILED, DELETE_FAILED, IN_OPERATION = "CREATE_FAILED", "DELETE_FAILED", "OPERATION_IN_PROGRESS"

JSON = dict[str, Any]


@dataclass
class Operation:
    type: str
    target_arn: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "PENDING"
    started_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    ended_at: float | None = None

    def move(self, status: str, *, ended: bool = False) -> None:
        self.status = status
        self.updated_at = time.time()
        if ended:
            self.ended_at = self.updated_at

    def summary(self) -> JSON:
        ended = {"EndedAt": self.ended_at} if self.ended_at else {}
        return {
            "Id": self.id,
            "Type": self.type,
            "Status": self.status,
            "TargetArn": self.target_arn,
            "StartedAt": self.started_at,
            "UpdatedAt": self.updated_at,
            **ended,
        }


@dataclass
class Service:
    """A service. `configuration` has every block of the API, with defaults; `scaling_arn` is an exact revision.

    `pushed` is an image that arrived during the operation under way, to be deployed automatically after it.
    """

    name: str
    arn: str
    id: str
    configuration: JSON
    scaling_arn: str
    tags: dict[str, str]
    status: str = IN_OPERATION
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    deleted_at: float | None = None
    operations: list[Operation] = field(default_factory=list)  # oldest first
    pushed: Identifier | None = None

    @property
    def port(self) -> int:
        return int(self.configuration["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"]["Port"])

    @property
    def url(self) -> dict[str, str]:
        """Return ServiceUrl, without a scheme as in AWS. A private service has no URL (aws/aws-sdk-go#4635)."""
        return {"ServiceUrl": f"127.0.0.1:{self.port}"} if configuration.public(self.configuration) else {}

    @property
    def log_group(self) -> str:
        return f"/aws/apprunner/{self.name}/{self.id}"

    @property
    def forgotten(self) -> bool:
        return self.deleted_at is not None and time.time() - self.deleted_at > DELETED_FOR

    def begin(self, kind: str) -> Operation:
        operation = Operation(kind, self.arn)
        self.operations.append(operation)
        self.become(IN_OPERATION)
        return operation

    def become(self, status: str) -> None:
        self.status = status
        self.updated_at = time.time()
        if status == DELETED:
            self.deleted_at = self.updated_at

    def summary(self) -> JSON:
        return {
            "ServiceName": self.name,
            "ServiceId": self.id,
            "ServiceArn": self.arn,
            **self.url,
            "CreatedAt": self.created_at,
            "UpdatedAt": self.updated_at,
            "Status": self.status,
        }

    def describe(self, scaling_summary: JSON) -> JSON:
        deleted = {"DeletedAt": self.deleted_at} if self.deleted_at else {}
        return {
            **self.summary(),
            **deleted,
            **self.configuration,
            "AutoScalingConfigurationSummary": scaling_summary,
        }


class Services:
    """All services of the account and region, in the order of their creation."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._all: dict[str, Service] = {}

    def add(self, service: Service) -> None:
        """Add a service, and drop services that were deleted long ago."""
        self._all = {arn: known for arn, known in self._all.items() if not known.forgotten}
        self._all[service.arn] = service

    def find(self, arn: str) -> Service:
        """Raises ResourceNotFound. A deleted service is found for an hour."""
        service = self._all.get(arn)
        if service is None or service.forgotten:
            raise ResourceNotFound(f"There is no service {arn}.")
        return service

    def every(self) -> list[Service]:
        return list(self._all.values())

    def living(self) -> list[Service]:
        return [service for service in self._all.values() if service.status != DELETED]

    def scaling_in_use(self) -> set[str]:
        """Return the auto scaling configurations that services use."""
        return {service.scaling_arn for service in self.living()}

    def connectors_in_use(self) -> set[str]:
        return {configuration.connector(service.configuration) for service in self.living()}

    def observability_in_use(self) -> set[str]:
        return {configuration.observability(service.configuration) for service in self.living()}
