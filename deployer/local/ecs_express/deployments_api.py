"""The API of service deployments and service revisions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from deployer.local.ecs_express.arns import Arns, cluster_name, owner, service_key
from deployer.local.ecs_express.configuration import CONTAINER
from deployer.local.ecs_express.deployment import ROLLBACK_REQUESTED, ROLLING_BACK, Deployment
from deployer.local.ecs_express.deployments import Deployments
from deployer.local.ecs_express.errors import (
    ClusterNotFound,
    Conflict,
    InvalidParameter,
    ServiceDeploymentNotFound,
    ServiceNotFound,
)
from deployer.local.ecs_express.resources import managed
from deployer.local.ecs_express.state import INACTIVE, Revision, Service, Services
from deployer.local.faults import Faults

JSON = dict[str, Any]
Request = Mapping[str, Any]

PAGE, LONGEST_PAGE, MOST_ARNS = 20, 100, 20  # API reference
OF_INACTIVE: Final = "Cannot call DescribeServiceRevisions for a service that is INACTIVE"


class DeploymentsApi:
    """The operations on deployments and revisions. Each takes a request that fits the API's model. Any thread."""

    def __init__(self, services: Services, deployments: Deployments, arns: Arns, faults: Faults) -> None:
        self._services = services
        self._deployments = deployments
        self._arns = arns
        self._faults = faults

    def list(self, request: Request) -> JSON:
        """List the deployments of a service, newest first. A new one is not listed for a while."""
        size = PAGE if request.get("maxResults") is None else request["maxResults"]
        if not 1 <= size <= LONGEST_PAGE:
            raise InvalidParameter(f"maxResults must be from 1 to {LONGEST_PAGE}.")
        with self._services.lock:
            cluster = cluster_name(request.get("cluster"))
            if cluster not in self._services.clusters:
                raise ClusterNotFound("Cluster not found.")
            service = self._services.get(service_key(request["service"], cluster, self._arns))
            if service is None:
                raise ServiceNotFound("Service not found.")
            every = [one for one in reversed(service.deployments) if one.listed and _fits(one, request)]
            start = _position(every, request.get("nextToken"))
            shown = every[start : start + size]
            more = {"nextToken": _token(shown[-1])} if len(every) > start + size else {}
            return {"serviceDeployments": [one.summary(service) for one in shown], **more}

    def describe(self, request: Request) -> JSON:
        """Describe deployments by ARN; one that is not listed yet is a failure."""
        described: list[JSON] = []
        failures: list[JSON] = []
        with self._services.lock:
            for arn in _arns(request["serviceDeploymentArns"], "serviceDeploymentArns"):
                service, deployment = self._find(arn)
                if service is None or deployment is None:
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    described.append(deployment.describe(service))
        return {"serviceDeployments": described, "failures": failures}

    def describe_revisions(self, request: Request) -> JSON:
        described: list[JSON] = []
        failures: list[JSON] = []
        with self._services.lock:
            for arn in _arns(request["serviceRevisionArns"], "serviceRevisionArns"):
                service = self._services.get(owner(arn))
                if service is not None and service.status == INACTIVE:
                    raise InvalidParameter(OF_INACTIVE)
                revision = next((one for one in service.revisions if one.arn == arn), None) if service else None
                if service is None or revision is None or self._missing(service):
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    described.append(self._revision(service, revision))
        return {"serviceRevisions": described, "failures": failures}

    def stop(self, request: Request) -> JSON:
        """Request the rollback of a deployment. One that has ended is a conflict.

        The guide allows it in PENDING, IN_PROGRESS, STOP_REQUESTED and while it rolls back. The guide knows ROLLBACK
        only; what ABORT does is not documented.
        """
        if request.get("stopType") == "ABORT":
            raise InvalidParameter("The stop type ABORT is not supported. Use ROLLBACK.")
        arn = request["serviceDeploymentArn"]
        with self._services.lock:
            service, deployment = self._find(arn)
            if service is None or deployment is None:
                raise ServiceDeploymentNotFound("Service deployment not found.")
            if deployment.ended:
                raise Conflict(f"The service deployment is {deployment.status} and cannot be stopped.")
            if deployment.status not in {ROLLBACK_REQUESTED, ROLLING_BACK}:
                deployment.move(ROLLBACK_REQUESTED)
                self._deployments.interrupt(service, deployment)
            return {"serviceDeploymentArn": arn}

    def _find(self, arn: str) -> tuple[Service | None, Deployment | None]:
        service = self._services.get(owner(arn))
        if service is None:
            return None, None
        return service, next((one for one in service.deployments if one.arn == arn and one.listed), None)

    def _missing(self, service: Service) -> bool:
        return self._faults.take("ecs_revision_missing", service=service.name) is not None

    def _revision(self, service: Service, revision: Revision) -> JSON:
        image = {"containerName": CONTAINER, "image": revision.container["image"]}
        digest = {"imageDigest": revision.digest} if revision.digest else {}
        return {
            "serviceRevisionArn": revision.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "taskDefinition": revision.definition,
            "launchType": "FARGATE",
            "platformFamily": "Linux",
            "platformVersion": "1.4.0",
            "containerImages": [image | digest],
            "createdAt": revision.created_at,
            "ecsManagedResources": managed(service, revision, self._arns),
        }


def _arns(given: list[str], member: str) -> list[str]:
    if not 1 <= len(given) <= MOST_ARNS:
        raise InvalidParameter(f"{member} must have 1 to {MOST_ARNS} items.")
    return given


def _fits(deployment: Deployment, request: Request) -> bool:
    wanted = request.get("status") or ()
    created = request.get("createdAt") or {}
    after, before = created.get("after"), created.get("before")
    return (
        (not wanted or deployment.status in wanted)
        and (after is None or deployment.created_at > after)
        and (before is None or deployment.created_at < before)
    )


def _token(deployment: Deployment) -> str:
    return base64.urlsafe_b64encode(deployment.id.encode()).decode()


def _position(every: list[Deployment], token: str | None) -> int:
    """Return where the page begins. Raises InvalidParameter for a token that this operation did not give."""
    if token is None:
        return 0
    try:
        last = base64.urlsafe_b64decode(token.encode("ascii")).decode()
    except (binascii.Error, UnicodeError):
        last = ""
    for index, deployment in enumerate(every):
        if deployment.id == last:
            return index + 1
    raise InvalidParameter("nextToken is not valid.")
