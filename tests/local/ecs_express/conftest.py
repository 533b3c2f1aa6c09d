"""A started endpoint on a free port with the local ECS Express Mode."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deployer.local.ecs_express import EcsExpress, Limits
from tests.local import harness
from tests.local.harness import REGION, REPOSITORY, allow, trust, until
from tests.ports import free_port
from tests.serving import running_loop

QUICK = Limits(start_budget=10, check_interval=0.1, drain=5, stop_grace=3, backoff=0.02)
ACCOUNT = "000000000002"  # the tests of App Runner have the other one
EXECUTION, INFRASTRUCTURE = f"arn:aws:iam::{ACCOUNT}:role/Execution", f"arn:aws:iam::{ACCOUNT}:role/Infrastructure"
TASK = f"arn:aws:iam::{ACCOUNT}:role/Task"
MANAGED = "arn:aws:iam::aws:policy/service-role"
ENDED = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}


class Harness(harness.Harness):
    """One endpoint with its clients, three roles and a repository."""

    account = ACCOUNT

    @property
    def ecs(self) -> Any:
        return self.client("ecs")

    def ask(self, operation: str, request: Any) -> tuple[int, Any]:
        """A request to ECS as plain JSON, whatever botocore thinks of it."""
        target = f"AmazonEC2ContainerServiceV20141113.{operation}"
        return self.post(json.dumps(request).encode(), service="ecs", version="1.1", X_Amz_Target=target)

    def prepare(self) -> None:
        """The repository and the three roles."""
        self.client("ecr").create_repository(repositoryName=REPOSITORY)
        iam = self.client("iam")
        for name, principal in (("Execution", "ecs-tasks"), ("Infrastructure", "ecs"), ("Task", "ecs-tasks")):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(f"{principal}.amazonaws.com"))
        iam.attach_role_policy(RoleName="Execution", PolicyArn=f"{MANAGED}/AmazonECSTaskExecutionRolePolicy")
        express = f"{MANAGED}/AmazonECSInfrastructureRoleforExpressGatewayServices"
        iam.attach_role_policy(RoleName="Infrastructure", PolicyArn=express)
        parameters = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/*"
        document = allow("ssm:GetParameters", parameters)
        iam.put_role_policy(RoleName="Execution", PolicyName="secrets", PolicyDocument=document)

    @staticmethod
    def request(name: str, image: str, port: int, **more: Any) -> dict[str, Any]:
        """A CreateExpressGatewayService request; `container` adds members of primaryContainer."""
        container = more.pop("container", {})
        return {
            "serviceName": name,
            "infrastructureRoleArn": INFRASTRUCTURE,
            "executionRoleArn": EXECUTION,
            "primaryContainer": {"image": image, "containerPort": port, **container},
            "healthCheckPath": "/health",
            "cpu": "1024",
            "memory": "2048",
            "scalingTarget": {"minTaskCount": 1, "maxTaskCount": 2},
            **more,
        }

    def create(self, name: str, image: str, port: int, **more: Any) -> tuple[str, dict[str, Any]]:
        """Create a service. Returns its ARN and how its deployment ended."""
        service = self.ecs.create_express_gateway_service(**self.request(name, image, port, **more))["service"]
        (active,) = service["activeConfigurations"]
        return service["serviceArn"], self.ended(service["serviceArn"], active["serviceRevisionArn"])

    def update(self, arn: str, **request: Any) -> dict[str, Any]:
        """Update a service; returns how the deployment ended."""
        return self.ended(arn, self.begin_update(arn, **request))

    def begin_update(self, arn: str, **request: Any) -> str:
        """Update a service; returns the ARN of the revision that is deployed."""
        service = self.ecs.update_express_gateway_service(serviceArn=arn, **request)["service"]
        revision: str = service["targetConfiguration"]["serviceRevisionArn"]
        return revision

    def deployment(self, arn: str, revision: str) -> dict[str, Any] | None:
        """The deployment of a revision, if it is listed already."""
        for one in self.ecs.list_service_deployments(service=arn)["serviceDeployments"]:
            if one["targetServiceRevisionArn"] == revision:
                found = self.ecs.describe_service_deployments(serviceDeploymentArns=[one["serviceDeploymentArn"]])
                described: dict[str, Any] = found["serviceDeployments"][0]
                return described
        return None

    def listed(self, arn: str, revision: str) -> dict[str, Any]:
        """The deployment of a revision, as soon as it is listed."""
        found: dict[str, Any] = until(lambda: self.deployment(arn, revision))
        return found

    def ended(self, arn: str, revision: str, seconds: float = 30) -> dict[str, Any]:
        """The deployment of a revision, when it has ended."""

        def look() -> dict[str, Any] | None:
            found = self.deployment(arn, revision)
            return found if found and found["status"] in ENDED else None

        found: dict[str, Any] = until(look, seconds)
        return found

    def reaches(self, arn: str, revision: str, stage: str, seconds: float = 30) -> dict[str, Any]:
        """The deployment of a revision, when it is in this lifecycle stage."""

        def look() -> dict[str, Any] | None:
            found = self.deployment(arn, revision)
            return found if found and found.get("lifecycleStage") == stage else None

        found: dict[str, Any] = until(look, seconds)
        return found

    def describe(self, arn: str) -> dict[str, Any]:
        service: dict[str, Any] = self.ecs.describe_express_gateway_service(serviceArn=arn)["service"]
        return service

    def plain(self, arn: str) -> dict[str, Any]:
        """The service as plain ECS describes it."""
        service: dict[str, Any] = self.ecs.describe_services(services=[arn])["services"][0]
        return service

    def events(self, arn: str) -> list[str]:
        """The texts of the service events, oldest first."""
        return [event["message"] for event in self.plain(arn)["events"]][::-1]

    def stopped(self, arn: str) -> list[dict[str, Any]]:
        """The stopped tasks of a service, newest first."""
        arns = self.ecs.list_tasks(serviceName=arn.rpartition("/")[2], desiredStatus="STOPPED")["taskArns"]
        if not arns:
            return []
        found: list[dict[str, Any]] = self.ecs.describe_tasks(tasks=arns)["tasks"]
        return found

    def delete(self, arn: str) -> None:
        """Delete a service and wait until it is INACTIVE."""
        self.ecs.delete_express_gateway_service(serviceArn=arn)
        until(lambda: self.describe(arn)["status"]["statusCode"] == "INACTIVE", 30)

    def delete_all(self) -> None:
        for service in self.known:
            if self.describe(service)["status"]["statusCode"] == "ACTIVE":
                self.delete(service)

    @property
    def known(self) -> list[str]:
        """The ARNs of all services of the cluster that were created by their names."""
        return [f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/default/{name}" for name in sorted(self.names)]

    @property
    def names(self) -> set[str]:
        groups: set[str] = set()
        for desired in ("RUNNING", "STOPPED"):
            try:
                arns = self.ecs.list_tasks(desiredStatus=desired)["taskArns"]
            except self.ecs.exceptions.ClusterNotFoundException:
                return set()
            if arns:
                groups |= {task["group"] for task in self.ecs.describe_tasks(tasks=arns)["tasks"]}
        return {group.partition(":")[2] for group in groups}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """One endpoint for the whole run: loading moto takes seconds."""
    home = tmp_path_factory.mktemp("world")
    with (
        running_loop() as loop,
        Harness.started(lambda host: [EcsExpress(host, QUICK)], home / "images", home / "work", loop) as harness,
    ):
        harness.prepare()
        yield harness


@pytest.fixture
def world(shared: Harness) -> Iterator[Harness]:
    """The endpoint, with no service left from another test."""
    yield shared
    shared.delete_all()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def get() -> Callable[..., Any]:
    """GET a path of a local port: the JSON of its answer."""

    def fetch(port: int, path: str = "/") -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return json.load(answer)

    return fetch


@pytest.fixture
def status_of() -> Callable[..., int]:
    """GET a path of a local port: the status, 0 when nobody listens."""

    def fetch(port: int, path: str = "/") -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    return fetch
