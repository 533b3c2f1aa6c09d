"""A started endpoint on a free port with the local App Runner."""

from __future__ import annotations

import functools
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.local.apprunner import AppRunner, Limits
from tests.local import harness
from tests.local.harness import ACCOUNT, REGION, REPOSITORY, allow, trust, until
from tests.ports import free_port
from tests.serving import running_loop

QUICK = Limits(start_budget=10, drain=5, backoff=0.05, idle=0.2, look=0.05)
ACCESS, INSTANCE = f"arn:aws:iam::{ACCOUNT}:role/Access", f"arn:aws:iam::{ACCOUNT}:role/Instance"
TERMINAL = {"SUCCEEDED", "FAILED", "ROLLBACK_SUCCEEDED", "ROLLBACK_FAILED"}


class Harness(harness.Harness):
    """One endpoint with its clients, two roles and a repository."""

    def post(
        self, body: bytes, *, service: str = "apprunner", region: str = REGION, version: str = "1.0", **headers: str
    ) -> tuple[int, Any]:
        return super().post(body, service=service, region=region, version=version, **headers)

    def ask(self, operation: str, request: Any) -> tuple[int, Any]:
        """A request to App Runner as plain JSON, whatever botocore thinks of it."""
        return self.post(json.dumps(request).encode(), X_Amz_Target=f"AppRunner.{operation}")

    def prepare(self) -> None:
        """The repository and the two roles."""
        self.client("ecr").create_repository(repositoryName=REPOSITORY)
        iam = self.client("iam")
        iam.create_role(RoleName="Access", AssumeRolePolicyDocument=trust("build.apprunner.amazonaws.com"))
        managed = "arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess"
        iam.attach_role_policy(RoleName="Access", PolicyArn=managed)
        iam.create_role(RoleName="Instance", AssumeRolePolicyDocument=trust("tasks.apprunner.amazonaws.com"))
        parameters = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/*"
        document = allow("ssm:GetParameters", parameters)
        iam.put_role_policy(RoleName="Instance", PolicyName="secrets", PolicyDocument=document)

    @property
    def apprunner(self) -> Any:
        return self.client("apprunner")

    def source(self, image: str, port: int, **configuration: Any) -> dict[str, Any]:
        return {
            "ImageRepository": {
                "ImageIdentifier": image,
                "ImageRepositoryType": "ECR",
                "ImageConfiguration": {"Port": str(port), **configuration},
            },
            "AutoDeploymentsEnabled": False,
            "AuthenticationConfiguration": {"AccessRoleArn": ACCESS},
        }

    def create(self, name: str, image: str, port: int, **more: Any) -> tuple[str, str]:
        """CreateService with an HTTP health check. Returns the ARN and how the operation ended."""
        configuration = more.pop("configuration", {})
        request = {
            "ServiceName": name,
            "SourceConfiguration": self.source(image, port, **configuration),
            "InstanceConfiguration": {"InstanceRoleArn": INSTANCE},
            "HealthCheckConfiguration": health(),
            **more,
        }
        answer = self.apprunner.create_service(**request)
        arn: str = answer["Service"]["ServiceArn"]
        return arn, self.ended(arn, answer["OperationId"])

    def update(self, arn: str, **request: Any) -> str:
        """UpdateService; returns how the operation ended."""
        answer = self.apprunner.update_service(ServiceArn=arn, **request)
        return self.ended(arn, answer["OperationId"])

    def ended(self, arn: str, operation: str, seconds: float = 30) -> str:
        """The status an operation ends with."""

        def status() -> str | None:
            listed = self.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
            now: str = next(one["Status"] for one in listed if one["Id"] == operation)
            return now if now in TERMINAL else None

        ended: str = until(status, seconds)
        return ended

    def describe(self, arn: str) -> dict[str, Any]:
        service: dict[str, Any] = self.apprunner.describe_service(ServiceArn=arn)["Service"]
        return service

    def log(self, arn: str, kind: str, prefix: str = "") -> list[str]:
        """The lines of a service's `service` or `application` log, in the streams that start with a prefix."""
        name, service_id = arn.split("/")[-2:]
        more = {"logStreamNamePrefix": prefix} if prefix else {}
        logs = self.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/apprunner/{name}/{service_id}/{kind}", **more)
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]

    @staticmethod
    def health(**settings: Any) -> dict[str, Any]:
        return health(**settings)

    def delete_all(self) -> None:
        for service in self.apprunner.list_services()["ServiceSummaryList"]:
            arn = service["ServiceArn"]
            operation = until(functools.partial(self._delete, arn), 30)
            assert self.ended(arn, operation) == "SUCCEEDED"

    def _delete(self, arn: str) -> str | None:
        try:
            operation: str = self.apprunner.delete_service(ServiceArn=arn)["OperationId"]
        except self.apprunner.exceptions.InvalidStateException:
            return None  # an operation still runs
        return operation


def health(**settings: Any) -> dict[str, Any]:
    return {"Protocol": "HTTP", "Path": "/health", "Interval": 1, "Timeout": 1, "UnhealthyThreshold": 1, **settings}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """One endpoint for the whole run: loading moto takes seconds."""
    home = tmp_path_factory.mktemp("world")
    with (
        running_loop() as loop,
        Harness.started(lambda host: [AppRunner(host, QUICK)], home / "images", home / "work", loop) as harness,
    ):
        harness.prepare()
        yield harness


@pytest.fixture
def other(shared: Harness, tmp_path: Path) -> Iterator[Harness]:
    """A second endpoint in this process, which a test may stop. It has no patience with slow answers."""
    with Harness.started(
        lambda host: [AppRunner(host, Limits(stop_grace=3, request=1.5))], shared.images, tmp_path, shared.loop
    ) as harness:
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
