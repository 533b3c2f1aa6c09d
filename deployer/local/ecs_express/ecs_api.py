"""The plain ECS API as far as it is used on Express Mode: clusters, services, tasks and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deployer.local.ecs_express import tags
from deployer.local.ecs_express.answers import listed_tags
from deployer.local.ecs_express.arns import Arns, cluster_name, service_key
from deployer.local.ecs_express.errors import (
    ClusterNotFound,
    InvalidParameter,
    ServiceNotActive,
    ServiceNotFound,
)
from deployer.local.ecs_express.express_api import ExpressApi, deployment_configuration, new_cluster
from deployer.local.ecs_express.state import ACTIVE, CANARY_PERCENT, Bake, Service, Services

JSON = dict[str, Any]
Request = Mapping[str, Any]

MOST_SERVICES, MOST_TASKS = 10, 100  # DescribeServices, DescribeTasks and ListTasks in the API reference
CHANGEABLE: Final = ("cluster", "service", "deploymentConfiguration", "forceNewDeployment")
OWNED: Final = "The service is managed by Amazon ECS Express Mode"  # not documented


class EcsApi:
    """The operations of plain ECS. Each takes a request that fits the API's model. Any thread."""

    def __init__(self, services: Services, express: ExpressApi, arns: Arns) -> None:
        self._services = services
        self._express = express
        self._arns = arns

    def create_cluster(self, request: Request) -> JSON:
        name = request.get("clusterName") or "default"
        with self._services.lock:
            cluster = self._services.clusters.setdefault(name, new_cluster(name, self._arns))
            return {"cluster": self._cluster(cluster)}

    def describe_clusters(self, request: Request) -> JSON:
        described: list[JSON] = []
        failures: list[JSON] = []
        with self._services.lock:
            for reference in request.get("clusters") or ["default"]:
                cluster = self._services.clusters.get(cluster_name(reference))
                if cluster is None:
                    failures.append({"arn": self._arns.cluster(cluster_name(reference)), "reason": "MISSING"})
                else:
                    described.append(self._cluster(cluster))
        return {"clusters": described, "failures": failures}

    def describe_services(self, request: Request) -> JSON:
        """Describe services by name or ARN, including those that are INACTIVE."""
        described: list[JSON] = []
        failures: list[JSON] = []
        if not 1 <= len(request["services"]) <= MOST_SERVICES:
            raise InvalidParameter(f"services must have 1 to {MOST_SERVICES} items.")
        with self._services.lock:
            cluster = self._existing(request)
            for reference in request["services"]:
                arn = service_key(reference, cluster, self._arns)
                service = self._services.get(arn)
                if service is None:
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    described.append(self._service(service, shows_tags="TAGS" in (request.get("include") or ())))
        return {"services": described, "failures": failures}

    def update_service(self, request: Request) -> JSON:
        """Change the bake times, from the next deployment on, or start a deployment of the same configuration.

        Everything else belongs to Express Mode. The guide names the load balancers and the strategy as refused; the
        words are not documented.
        """
        refused = [name for name, value in request.items() if value is not None and name not in CHANGEABLE]
        if refused:
            raise InvalidParameter(f"{OWNED}: {', '.join(sorted(refused))} cannot be changed by UpdateService.")
        with self._services.lock:
            service = self._named(request, request["service"])
            if service.status != ACTIVE:
                raise ServiceNotActive("Service was not ACTIVE.")
            if request.get("deploymentConfiguration") is not None:
                service.bake = _bake(service, request["deploymentConfiguration"])
            service.become(ACTIVE)
            if request.get("forceNewDeployment"):
                self._express.deploy(service, service.revisions[-1].configuration)
            return {"service": self._service(service)}

    def delete_service(self, request: Request) -> JSON:
        """Refuse: an Express Mode service is deleted by its own call."""
        with self._services.lock:
            self._named(request, request["service"])
        raise InvalidParameter(f"{OWNED}: use DeleteExpressGatewayService.")

    def list_tasks(self, request: Request) -> JSON:
        """List the tasks that should run, or with desiredStatus STOPPED those that stop or have stopped."""
        desired = request.get("desiredStatus") or "RUNNING"
        with self._services.lock:
            cluster = self._existing(request)
            if request.get("serviceName"):
                services = [self._named(request, request["serviceName"])]
            else:
                services = [one for one in self._services.every() if one.cluster == cluster]
            tasks = [task.arn for service in services for task in service.tasks if task.desired_status == desired]
            return {"taskArns": tasks[::-1][:MOST_TASKS]}

    def describe_tasks(self, request: Request) -> JSON:
        described: list[JSON] = []
        failures: list[JSON] = []
        with self._services.lock:
            cluster = self._existing(request)
            known = {task.id: task for service in self._services.every() for task in service.tasks}
            for reference in request["tasks"]:
                task = known.get(reference.rpartition("/")[2])
                if task is None or task.cluster_arn != self._arns.cluster(cluster):
                    failures.append(
                        {"arn": self._arns.task(cluster, reference.rpartition("/")[2]), "reason": "MISSING"}
                    )
                else:
                    described.append(task.describe())
        return {"tasks": described, "failures": failures}

    def tag_resource(self, request: Request) -> JSON:
        with self._services.lock:
            service = self._tagged(request)
            every = service.tags | tags.read(request["tags"])
            tags.within_quota(every)
            service.tags = every
            return {}

    def untag_resource(self, request: Request) -> JSON:
        with self._services.lock:
            service = self._tagged(request)
            service.tags = {key: value for key, value in service.tags.items() if key not in request["tagKeys"]}
            return {}

    def list_tags(self, request: Request) -> JSON:
        with self._services.lock:
            return {"tags": listed_tags(self._tagged(request).tags)}

    def _tagged(self, request: Request) -> Service:
        service = self._services.get(request["resourceArn"])
        if service is None:
            raise InvalidParameter("The specified service could not be found.")
        return service

    def _existing(self, request: Request) -> str:
        """Return the name of the cluster of a request. Raises ClusterNotFound."""
        cluster = cluster_name(request.get("cluster"))
        if cluster not in self._services.clusters:
            raise ClusterNotFound("Cluster not found.")
        return cluster

    def _named(self, request: Request, reference: str) -> Service:
        service = self._services.get(service_key(reference, self._existing(request), self._arns))
        if service is None:
            raise ServiceNotFound("Service not found.")
        return service

    def _cluster(self, cluster: JSON) -> JSON:
        services = [one for one in self._services.every() if one.cluster == cluster["clusterName"]]
        return {
            **cluster,
            "registeredContainerInstancesCount": 0,
            "activeServicesCount": sum(one.status == ACTIVE for one in services),
            "runningTasksCount": sum(len(one.running()) for one in services),
            "pendingTasksCount": sum(len(one.pending()) for one in services),
        }

    def _service(self, service: Service, *, shows_tags: bool = False) -> JSON:
        latest = service.active[-1] if service.active else service.revisions[-1]
        living = service.status == ACTIVE
        current = {"currentServiceDeployment": service.current.arn} if service.current else {}
        return {
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.cluster_arn,
            "status": service.status,
            "desiredCount": service.desired if living else 0,
            "runningCount": len(service.running()),
            "pendingCount": len(service.pending()),
            "launchType": "FARGATE",
            "platformFamily": "Linux",
            "platformVersion": "LATEST",
            "taskDefinition": latest.definition,
            "deploymentConfiguration": deployment_configuration(service),
            "events": list(service.events),
            "createdAt": service.created_at,
            "currentServiceRevisions": [
                {
                    "arn": revision.arn,
                    "requestedTaskCount": revision.low,
                    "runningTaskCount": len(service.running(revision.arn)),
                    "pendingTaskCount": len(service.pending(revision.arn)),
                }
                for revision in service.active
            ],
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "resourceManagementType": "ECS",
            **current,
            **({"tags": listed_tags(service.tags)} if shows_tags else {}),
        }


def _bake(service: Service, given: Request) -> Bake:
    """Return the bake times of a request. Raises InvalidParameter if it would change anything else."""
    now = deployment_configuration(service)
    canary = given.get("canaryConfiguration") or {}
    others = {name: value for name, value in given.items() if value is not None and name != "bakeTimeInMinutes"}
    others.pop("canaryConfiguration", None)
    wrong = [name for name, value in others.items() if value != now[name]] if others.keys() <= now.keys() else [*others]
    if wrong or canary.get("canaryPercent", CANARY_PERCENT) != CANARY_PERCENT:
        raise InvalidParameter(f"{OWNED}: only the bake times of deploymentConfiguration can be changed.")
    full = service.bake.full if given.get("bakeTimeInMinutes") is None else given["bakeTimeInMinutes"]
    first = canary.get("canaryBakeTimeInMinutes", service.bake.canary)
    if not (0 <= full <= 1440 and 0 <= first <= 1440):
        raise InvalidParameter("A bake time must be from 0 to 1440 minutes.")
    return Bake(canary=first, full=full)
