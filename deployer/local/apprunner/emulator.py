"""The entry point of the local App Runner: it answers requests and owns the instances."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from deployer.local import validate
from deployer.local.apprunner.api import ServicesApi
from deployer.local.apprunner.deploy import Preparer
from deployer.local.apprunner.errors import ApiError, InvalidRequest, NotEmulated
from deployer.local.apprunner.limits import Limits
from deployer.local.apprunner.observability import ObservabilityApi
from deployer.local.apprunner.operations import Operations
from deployer.local.apprunner.resources import Resources
from deployer.local.apprunner.scaling_api import ScalingApi
from deployer.local.apprunner.state import Services
from deployer.local.apprunner.switches import freezes
from deployer.local.apprunner.vpc_connectors import VpcConnectorsApi
from deployer.local.aws_errors import AwsError
from deployer.local.compute.image import Identifier, ImageStore
from deployer.local.compute.launcher import Launcher
from deployer.local.compute.logs import LogShipper
from deployer.local.compute.service_instances import ServiceInstances
from deployer.local.guard import Guard
from deployer.local.host import Host
from deployer.local.models import service_model

if TYPE_CHECKING:
    from botocore.model import ServiceModel

JSON = dict[str, Any]
DISK = 3  # GB; an instance's whole disk (developer guide, "Developing application code")
STOP_WITHIN = 30.0  # seconds


class AppRunner:
    """`limits` are its timeouts."""

    service = "apprunner"
    failure_code = "InternalServiceErrorException"

    def __init__(self, host: Host, limits: Limits | None = None) -> None:
        clients, account, region = host.clients, host.account, host.region
        self._account = account
        self._region = region
        self._loop = host.loop
        self._guard = Guard()
        self._logs = LogShipper(clients)
        limits = limits or Limits()
        services, resources = Services(), Resources.of(account, region)
        self._launcher = Launcher(host, self._guard, partial(freezes, host.faults), limits.freeze_after, "instances")
        self._operations = Operations(
            host.loop,
            services,
            resources.scaling,
            Preparer(clients, ImageStore(host.images, host.work / "content", DISK), account, region),
            self._launcher,
            self._logs,
            limits,
            host.faults,
        )
        serving = ServiceInstances(host.loop, self._operations.instances)
        self.instances, self.kill = serving.instances, serving.kill
        api = ServicesApi(account, region, services, resources, self._operations, clients)
        revisions = ScalingApi(services, resources.scaling)
        connectors = VpcConnectorsApi(services, resources.connectors)
        observability = ObservabilityApi(services, resources.observability)
        self._calls: dict[str, Callable[[Mapping[str, Any]], JSON]] = {
            "CreateService": api.create_service,
            "UpdateService": api.update_service,
            "DescribeService": api.describe_service,
            "ListServices": api.list_services,
            "DeleteService": api.delete_service,
            "PauseService": api.pause_service,
            "ResumeService": api.resume_service,
            "StartDeployment": api.start_deployment,
            "ListOperations": api.list_operations,
            "TagResource": api.tag_resource,
            "UntagResource": api.untag_resource,
            "ListTagsForResource": api.list_tags_for_resource,
            "CreateAutoScalingConfiguration": revisions.create,
            "DescribeAutoScalingConfiguration": revisions.describe,
            "ListAutoScalingConfigurations": revisions.list,
            "DeleteAutoScalingConfiguration": revisions.delete,
            "UpdateDefaultAutoScalingConfiguration": revisions.make_default,
            "ListServicesForAutoScalingConfiguration": revisions.list_services,
            "CreateVpcConnector": connectors.create,
            "DescribeVpcConnector": connectors.describe,
            "ListVpcConnectors": connectors.list,
            "DeleteVpcConnector": connectors.delete,
            "CreateObservabilityConfiguration": observability.create,
            "DescribeObservabilityConfiguration": observability.describe,
            "ListObservabilityConfigurations": observability.list,
            "DeleteObservabilityConfiguration": observability.delete,
        }
        self._model: ServiceModel = service_model("apprunner")

    def start(self) -> None:
        self._launcher.sweep()
        self._guard.start()
        self._logs.start()

    def stop(self) -> None:
        """Let requests end, stop every instance, close every port. Call it from another thread than the loop's."""
        try:
            asyncio.run_coroutine_threadsafe(self._operations.stop(), self._loop).result(STOP_WITHIN)
        finally:
            self._logs.stop()
            self._guard.stop()

    def pushed(self, repository: str, tag: str) -> None:
        """Start the automatic deployments of a tag that was pushed to this account's ECR."""
        self._operations.pushed(Identifier(self._account, self._region, repository, tag=tag))

    def answer(self, operation: str, body: bytes) -> Response | AwsError:
        try:
            answer = self.call(operation, body)
        except ApiError as error:
            return AwsError(error.status, error.code, error.message)
        return Response(json.dumps(answer), content_type="application/x-amz-json-1.0")

    def call(self, operation: str, body: bytes) -> JSON:
        """Answer one request in AWS JSON 1.0. Raises ApiError."""
        if operation not in self._calls:
            raise NotEmulated(f"The local App Runner does not emulate {operation}.")
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            raise InvalidRequest("The request is not JSON.") from None
        wrong = validate.reasons(self._model.operation_model(operation).input_shape, request)
        if wrong:
            raise InvalidRequest("; ".join(wrong))
        return self._calls[operation](request)
