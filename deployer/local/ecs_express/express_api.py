"""The API of Express Mode services: create, update, describe and delete."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from deployer.local.clients import Clients
from deployer.local.ecs_express import configuration, tags
from deployer.local.ecs_express.arns import Arns, cluster_name
from deployer.local.ecs_express.deployment import Deployment
from deployer.local.ecs_express.deployments import Deployments
from deployer.local.ecs_express.errors import (
    ClusterNotFound,
    InvalidParameter,
    NotEmulated,
    ResourceNotFound,
    ServiceNotActive,
    ServiceNotFound,
    UnacceptableRequest,
)
from deployer.local.ecs_express.resources import alarm_name
from deployer.local.ecs_express.roles import ECS_PRINCIPAL
from deployer.local.ecs_express.state import (
    ACTIVE,
    CANARY_PERCENT,
    DRAINING,
    INACTIVE,
    Revision,
    Service,
    Services,
)
from deployer.local.faults import Faults
from deployer.local.roles import why_not_assumable

JSON = dict[str, Any]
Request = Mapping[str, Any]

STILL_DRAINING: Final = "Unable to Start a service that is still Draining."
EXISTS: Final = "Creation of service was not idempotent."
NOT_FOUND: Final = "Resource not found"


class ExpressApi:
    """The operations on Express Mode services. Each takes a request that fits the API's model. Any thread.

    `started` is called before the first service is created.
    """

    def __init__(
        self,
        services: Services,
        deployments: Deployments,
        arns: Arns,
        clients: Clients,
        faults: Faults,
        started: Callable[[], None],
    ) -> None:
        self._services = services
        self._deployments = deployments
        self._arns = arns
        self._clients = clients
        self._faults = faults
        self._started = started

    def create(self, request: Request) -> JSON:
        """Answer at once with an ACTIVE service, of which nothing runs yet. There is no client token."""
        _judge(request)
        if request.get("primaryContainer") is None or request.get("executionRoleArn") is None:
            raise InvalidParameter("primaryContainer and executionRoleArn are required without taskDefinitionArn.")
        given_tags = tags.read(request.get("tags"))
        cluster, name = cluster_name(request.get("cluster")), request.get("serviceName") or _invented()
        log_group = f"/aws/ecs/{cluster}/{name}-{secrets.token_hex(2)}"
        whole = configuration.complete(request, log_group)
        _judge_sizes(whole)
        self._may_create(cluster, name)
        self._judge_role(request["infrastructureRoleArn"])
        self._started()
        with self._services.lock:
            self._may_create(cluster, name)
            self._services.clusters.setdefault(cluster, new_cluster(cluster, self._arns))
            service = Service(
                arn=self._arns.service(cluster, name),
                name=name,
                cluster=cluster,
                cluster_arn=self._arns.cluster(cluster),
                infrastructure_role=request["infrastructureRoleArn"],
                port=whole["primaryContainer"]["containerPort"],
                log_group=log_group,
                tags=given_tags,
            )
            self._services.add(service)
            service.active = [self.deploy(service, whole)]
            return {"service": service.describe(tags=True)}

    def update(self, request: Request) -> JSON:
        """Start a deployment, also if nothing changes. One under way is not refused, as on AWS.

        A service that does not exist is answered with InvalidParameterException (terraform-provider-aws).
        """
        _judge(request)
        with self._services.lock:
            service = self._services.get(request["serviceArn"])
            if service is None:
                raise InvalidParameter(NOT_FOUND)
            _active(service)
            latest = service.revisions[-1].configuration
            whole = configuration.updated(latest, request, service.log_group)
            _judge_sizes(whole)
            service.become(ACTIVE)
            revision = self.deploy(service, whole)
            return {"service": {**service.summary(), "targetConfiguration": revision.describe(service.endpoint)}}

    def describe(self, request: Request) -> JSON:
        with self._services.lock:
            service = self._services.get(request["serviceArn"])
            if service is None:
                raise ResourceNotFound(NOT_FOUND)
            return {"service": service.describe(tags="TAGS" in (request.get("include") or ()))}

    def delete(self, request: Request) -> JSON:
        with self._services.lock:
            service = self._services.get(request["serviceArn"])
            if service is None:
                raise ServiceNotFound("Service not found.")
            _active(service)
            service.become(DRAINING)
            service.resources.deleting = True
            self._deployments.delete(service)
            return {"service": service.describe()}

    def deploy(self, service: Service, whole: JSON) -> Revision:
        """Add a revision and start its deployment. Within the lock."""
        revision = Revision(
            arn=self._arns.new_revision(service.cluster, service.name),
            definition=self._arns.task_definition(service.cluster, service.name, len(service.revisions) + 1),
            configuration=whole,
        )
        service.revisions.append(revision)
        deployment = Deployment(
            arn=self._arns.new_deployment(service.cluster, service.name),
            target=revision,
            source=None,
            configuration=deployment_configuration(service),
            alarm=alarm_name(service),
        )
        service.deployments.append(deployment)
        self._deployments.begin(service, deployment)
        return revision

    def _may_create(self, cluster: str, name: str) -> None:
        """Raise ApiError if the cluster does not exist or the name is taken."""
        with self._services.lock:
            if cluster != "default" and cluster not in self._services.clusters:
                raise ClusterNotFound("Cluster not found.")
            service = self._services.get(self._arns.service(cluster, name))
            if service is not None and service.status == DRAINING:
                raise InvalidParameter(STILL_DRAINING)
            if service is not None and service.status != INACTIVE:
                raise InvalidParameter(EXISTS)

    def _judge_role(self, arn: str) -> None:
        """Raise InvalidParameter if ECS cannot assume the infrastructure role. The other roles are used by tasks."""
        why = why_not_assumable(self._clients.iam, arn, ECS_PRINCIPAL)
        if why is None and (fresh := self._faults.find("ecs_fresh_roles")):
            created = self._clients.iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["CreateDate"]
            if time.time() - created.timestamp() < fresh["seconds"]:
                why = f"the role {arn} is not known everywhere yet"
        if why is not None:
            raise InvalidParameter(f"Cannot assume role. {why[0].upper()}{why[1:]}.")


def deployment_configuration(service: Service) -> JSON:
    """Return the deployment configuration of Express Mode, of which only the bake times can be changed."""
    return {
        "strategy": "CANARY",
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "bakeTimeInMinutes": service.bake.full,
        "canaryConfiguration": {
            "canaryPercent": CANARY_PERCENT,
            "canaryBakeTimeInMinutes": service.bake.canary,
        },
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "alarms": {"enable": True, "rollback": True, "alarmNames": [alarm_name(service)]},
    }


def new_cluster(name: str, arns: Arns) -> JSON:
    return {
        "clusterArn": arns.cluster(name),
        "clusterName": name,
        "status": "ACTIVE",
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    }


def _active(service: Service) -> None:
    if service.status != ACTIVE:
        raise ServiceNotActive(f"Service was not ACTIVE. The service is {service.status}.")


def _judge(request: Request) -> None:
    """Raise for a request that is invalid, or that needs what is not emulated."""
    if wrong := configuration.reasons(request):
        raise InvalidParameter("; ".join(wrong))
    if request.get("taskDefinitionArn") is not None:
        raise NotEmulated("The local ECS Express Mode does not emulate task definitions of your own.")
    container = request.get("primaryContainer") or {}
    if container.get("repositoryCredentials"):
        raise NotEmulated("The local ECS Express Mode pulls images from ECR only.")
    if request.get("cpuArchitecture") == "ARM64":
        raise NotEmulated("The local ECS Express Mode runs images for linux/amd64 only.")


def _judge_sizes(whole: JSON) -> None:
    if wrong := configuration.size_reasons(whole):
        raise InvalidParameter("; ".join(wrong))
    size = configuration.definition_size(whole)
    if size > configuration.LARGEST_DEFINITION:
        most = configuration.LARGEST_DEFINITION
        raise UnacceptableRequest(f"Actual length: '{size}'. Max allowed length is '{most}' bytes.")


def _invented() -> str:
    """Return the name of a service that was given none. AWS does not document its form."""
    return f"express-{secrets.token_hex(4)}"
