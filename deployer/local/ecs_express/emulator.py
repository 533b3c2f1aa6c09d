"""The entry point of the local ECS Express Mode: it answers requests and owns the tasks."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.model import OperationNotFoundError
from werkzeug.wrappers import Response

from deployer.local import validate
from deployer.local.aws_errors import AwsError
from deployer.local.compute.image import ImageStore
from deployer.local.compute.launcher import Launcher
from deployer.local.compute.logs import LogShipper
from deployer.local.compute.service_instances import ServiceInstances
from deployer.local.ecs_express.arns import Arns
from deployer.local.ecs_express.deployments import Deployments
from deployer.local.ecs_express.deployments_api import DeploymentsApi
from deployer.local.ecs_express.ecs_api import EcsApi
from deployer.local.ecs_express.errors import ApiError, InvalidParameter, NotEmulated, UnacceptableRequest
from deployer.local.ecs_express.express_api import ExpressApi
from deployer.local.ecs_express.limits import Limits
from deployer.local.ecs_express.starter import TaskStarter
from deployer.local.ecs_express.state import Services
from deployer.local.guard import Guard
from deployer.local.host import Host

JSON = dict[str, Any]
DISK: Final = 20  # GB; the ephemeral storage of a Fargate task (developer guide, "Fargate task ephemeral storage")
STOP_WITHIN: Final = 40.0  # seconds


class EcsExpress:
    """`limits` are its times. The processes that it needs itself start with the first service."""

    service = "ecs"
    failure_code = "ServerException"

    def __init__(self, host: Host, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self._loop = host.loop
        self._guard = Guard()
        self._logs = LogShipper(host.clients)
        self._launcher = Launcher(host, self._guard, _never_frozen, 0, "tasks")
        self._lock = threading.Lock()
        self._began = False
        services, arns = Services(), Arns(host.account, host.region)
        starter = TaskStarter(
            host.clients,
            ImageStore(host.images, host.work / "content", DISK),
            self._launcher,
            self._logs,
            limits,
            host.faults,
            host.account,
            host.region,
        )
        self._deployments = Deployments(host.loop, services, starter, limits, host.faults, arns)
        serving = ServiceInstances(host.loop, self._deployments.instances)
        self.instances, self.kill = serving.instances, serving.kill
        express = ExpressApi(services, self._deployments, arns, host.clients, host.faults, self._begin)
        deployments = DeploymentsApi(services, self._deployments, arns, host.faults)
        plain = EcsApi(services, express, arns)
        self._calls: dict[str, Callable[[Mapping[str, Any]], JSON]] = {
            "CreateExpressGatewayService": express.create,
            "UpdateExpressGatewayService": express.update,
            "DescribeExpressGatewayService": express.describe,
            "DeleteExpressGatewayService": express.delete,
            "ListServiceDeployments": deployments.list,
            "DescribeServiceDeployments": deployments.describe,
            "DescribeServiceRevisions": deployments.describe_revisions,
            "StopServiceDeployment": deployments.stop,
            "CreateCluster": plain.create_cluster,
            "DescribeClusters": plain.describe_clusters,
            "DescribeServices": plain.describe_services,
            "UpdateService": plain.update_service,
            "DeleteService": plain.delete_service,
            "ListTasks": plain.list_tasks,
            "DescribeTasks": plain.describe_tasks,
            "TagResource": plain.tag_resource,
            "UntagResource": plain.untag_resource,
            "ListTagsForResource": plain.list_tags,
        }

    def start(self) -> None:
        self._launcher.sweep()

    def stop(self) -> None:
        """Let requests end, stop every task, close every port. Call it from another thread than the loop's."""
        try:
            asyncio.run_coroutine_threadsafe(self._deployments.stop(), self._loop).result(STOP_WITHIN)
        finally:
            with self._lock:
                if self._began:
                    self._logs.stop()
                self._guard.stop()

    def pushed(self, repository: str, tag: str) -> None:
        """Do nothing: a pushed tag is not deployed."""

    def answer(self, operation: str, body: bytes) -> Response | AwsError:
        try:
            answer = self.call(operation, body)
        except ApiError as error:
            return AwsError(error.status, error.code, error.message)
        return Response(json.dumps(answer), content_type="application/x-amz-json-1.1")

    def call(self, operation: str, body: bytes) -> JSON:
        """Answer one request in AWS JSON 1.1. Raises ApiError."""
        if operation not in self._calls:
            raise NotEmulated(f"The local ECS Express Mode does not emulate {operation}.")
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            raise UnacceptableRequest("The request is not JSON.") from None
        try:
            shape = validate.input_shape("ecs", operation)
        except OperationNotFoundError:  # botocore is older than the call
            raise NotEmulated(f"The installed botocore does not know {operation}.") from None
        if wrong := validate.reasons(shape, request):
            raise InvalidParameter("; ".join(wrong))
        return self._calls[operation](request)

    def _begin(self) -> None:
        """Start what the tasks need, once."""
        with self._lock:
            if not self._began:
                self._guard.start()
                self._logs.start()
                self._began = True


def _never_frozen() -> bool:
    """Fargate tasks keep their CPU between requests."""
    return False
