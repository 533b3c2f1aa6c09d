"""Read a service on ECS Express Mode: its description, its deployments, its tasks."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.targets.base import RunningOperation
from deployer.targets.ecs_express.client import EcsClient, listed
from deployer.targets.ecs_express.deployments import Deployment, find, newest_first, read_deployment, serving
from deployer.targets.ecs_express.refusals import is_gone, is_inactive
from deployer.targets.ecs_express.rights import CLUSTER

LISTED_WITHIN: Final = 60.0  # seconds; a new deployment is listed after a few (not documented how many)
BETWEEN: Final = 1.0  # seconds between two reads
TASKS_READ: Final = 10


class ServiceReading(Struct, frozen=True):
    """A service that exists: its description, its tags, and its deployments, newest first."""

    service: Mapping[str, Any]
    tags: Mapping[str, str]
    deployments: tuple[Deployment, ...]

    @property
    def serving(self) -> Mapping[str, Any]:
        """The configuration that serves; empty where there is none."""
        return serving(self.service, self.deployments)


class Reader:
    """Read services with a client that repeats calls that were not answered."""

    def __init__(self, client: EcsClient) -> None:
        self._client = client
        self._log_groups: dict[str, str] = {}

    def see(self, arn: str) -> ServiceReading | None:
        """The service; None where there is none, or where it was deleted."""
        try:
            service = self._client.describe_express_gateway_service(serviceArn=arn, include=["TAGS"])["service"]
            if service["status"]["statusCode"] == "INACTIVE":
                return None
            deployments = self.deployments(arn)
        except ClientError as error:
            if is_gone(error.response) or is_inactive(error.response):
                return None
            raise
        tags = {tag["key"]: tag.get("value", "") for tag in service.get("tags") or () if tag.get("key")}
        return ServiceReading(service, tags, deployments)

    def deployments(self, arn: str) -> tuple[Deployment, ...]:
        """Every listed deployment of a service, newest first."""
        every = listed(
            self._client.list_service_deployments, "serviceDeployments", service=arn, cluster=CLUSTER, maxResults=100
        )
        return newest_first([read_deployment(one) for one in every])

    def deployment(self, started: RunningOperation) -> Deployment | None:
        """The newest deployment of a revision; None while it is not listed."""
        return find(self.deployments(started.service_arn), started.operation)

    def new_revision(self, arn: str, known: Collection[str]) -> str | None:
        """The revision of the deployment that is not in `known`, once it is listed; None if it is not in time."""
        end = time.monotonic() + LISTED_WITHIN
        while time.monotonic() < end:
            fresh = [one for one in self.deployments(arn) if one.arn not in known]
            if fresh:
                return fresh[0].revision
            time.sleep(BETWEEN)
        return None

    def revision(self, arn: str) -> Mapping[str, Any]:
        """What ECS manages for a revision; nothing while it does not know the revision yet."""
        answer = self._client.describe_service_revisions(serviceRevisionArns=[arn])
        return next(iter(answer.get("serviceRevisions") or ()), {})

    def details(self, deployment: Deployment) -> Mapping[str, Any]:
        """Everything that ECS reports of a deployment."""
        answer = self._client.describe_service_deployments(serviceDeploymentArns=[deployment.arn])
        return next(iter(answer.get("serviceDeployments") or ()), {"statusReason": deployment.reason})

    def plain(self, arn: str) -> Mapping[str, Any]:
        """The service as ECS itself describes it: its counts, its events and the configuration of deployments."""
        answer = self._client.describe_services(cluster=CLUSTER, services=[arn])
        return next(iter(answer.get("services") or ()), {})

    def stopped_tasks(self, arn: str) -> list[Mapping[str, Any]]:
        """The tasks that were stopped last, newest first. ECS forgets them after about an hour (not documented)."""
        name = arn.rpartition("/")[2]
        answer = self._client.list_tasks(cluster=CLUSTER, serviceName=name, desiredStatus="STOPPED", maxResults=100)
        arns = answer.get("taskArns") or []
        if not arns:
            return []
        tasks = self._client.describe_tasks(cluster=CLUSTER, tasks=arns).get("tasks") or []
        stopped = sorted(
            tasks, key=lambda task: task["stoppedAt"].timestamp() if task.get("stoppedAt") else 0.0, reverse=True
        )
        return stopped[:TASKS_READ]

    def log_group(self, arn: str) -> str:
        """The log group of the service's containers; the part of its name that is known where ECS does not name it."""
        if arn not in self._log_groups:
            seen = self.see(arn)
            self._log_groups[arn] = self._find_log_group(seen.service) if seen else ""
        return self._log_groups[arn] or f"/aws/ecs/{CLUSTER}/{arn.rpartition('/')[2]}"

    def _find_log_group(self, service: Mapping[str, Any]) -> str:
        """The log group that a configuration names, or that ECS manages for its revision."""
        configurations = service.get("activeConfigurations") or ()
        containers = (configuration.get("primaryContainer") or {} for configuration in configurations)
        named = ((container.get("awsLogsConfiguration") or {}).get("logGroup", "") for container in containers)
        if group := next(filter(None, named), ""):
            return str(group)
        revisions = (self.revision(configuration["serviceRevisionArn"]) for configuration in configurations)
        managed = (revision.get("ecsManagedResources") or {} for revision in revisions)
        return next((str(one["logGroupName"]) for resources in managed for one in resources.get("logGroups") or ()), "")
