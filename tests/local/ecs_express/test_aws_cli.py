"""Real clients from creation to deletion: boto3 with all of its checks, and the AWS CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

AWS = shutil.which("aws")


class AwsCli:
    """Calls of the AWS CLI, with the keys of the endpoint and nothing of the user's configuration."""

    def __init__(self, world: Any, home: Path) -> None:
        keys = world.endpoint.keys
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": world.endpoint.url,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_PAGER": "",
        } | {name: os.environ[name] for name in ("PYENV_ROOT", "PYENV_VERSION") if name in os.environ}

    def __call__(self, operation: str, **request: Any) -> Any:
        """Call an operation of ecs, such as `list-tasks`, with a request as JSON."""
        command = ["aws", "ecs", operation, "--output", "json", "--cli-input-json", json.dumps(request)]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")


class Boto3:
    """The same calls by boto3."""

    def __init__(self, world: Any) -> None:
        make: Any = boto3.client
        self.client = make(
            "ecs",
            region_name="us-west-2",
            endpoint_url=world.endpoint.url,
            aws_access_key_id=world.endpoint.keys.access_key,
            aws_secret_access_key=world.endpoint.keys.secret_key,
        )

    def __call__(self, operation: str, **request: Any) -> Any:
        return getattr(self.client, operation.replace("-", "_"))(**request)


@pytest.fixture
def client(request: pytest.FixtureRequest, world: Any, tmp_path: Path) -> Iterator[Any]:
    """The client of a parameter; skips the AWS CLI where it is not installed or too old."""
    if request.param == "boto3":
        boto = Boto3(world)
        yield boto
        boto.client.close()
        return
    if AWS is None:
        pytest.skip("the AWS CLI is not installed")
    known = subprocess.run(
        [AWS, "ecs", "create-express-gateway-service", "--generate-cli-skeleton"],
        env={**os.environ, "AWS_DEFAULT_REGION": "us-west-2"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    if known.returncode:
        pytest.skip("the installed AWS CLI does not know ECS Express Mode")
    yield AwsCli(world, tmp_path)


@pytest.mark.parametrize("client", ["boto3", "aws-cli"], indirect=True)
def test_a_service_from_creation_to_deletion(client: Any, world: Any, port: int) -> None:
    name = f"by-{type(client).__name__}"
    request = world.request(name, world.push().uri, port, tags=[{"key": "a", "value": "b"}])
    service = client("create-express-gateway-service", **request)["service"]
    arn = service["serviceArn"]

    def deployments(*status: str) -> list[Any]:
        listed = client("list-service-deployments", service=arn, status=list(status))["serviceDeployments"]
        return [one["serviceDeploymentArn"] for one in listed]

    world.until(lambda: deployments("SUCCESSFUL"), 60)
    (revision,) = client(
        "describe-service-revisions",
        serviceRevisionArns=[service["activeConfigurations"][0]["serviceRevisionArn"]],
    )["serviceRevisions"]
    assert revision["containerImages"][0]["imageDigest"].startswith("sha256:")

    bakes = {"bakeTimeInMinutes": 1440, "canaryConfiguration": {"canaryBakeTimeInMinutes": 0}}
    client("update-service", service=name, deploymentConfiguration=bakes)
    updated = client("update-express-gateway-service", serviceArn=arn, cpu="512", memory="1024")["service"]
    target = updated["targetConfiguration"]["serviceRevisionArn"]
    (under_way,) = world.until(lambda: deployments("IN_PROGRESS"), 60)
    (described,) = client("describe-service-deployments", serviceDeploymentArns=[under_way])["serviceDeployments"]
    assert (described["targetServiceRevision"]["arn"], described["status"]) == (target, "IN_PROGRESS")
    client("stop-service-deployment", serviceDeploymentArn=under_way, stopType="ROLLBACK")
    world.until(lambda: deployments("ROLLBACK_SUCCESSFUL") == [under_way], 60)

    (plain,) = client("describe-services", services=[name])["services"]
    assert (plain["status"], plain["runningCount"], plain["desiredCount"]) == ("ACTIVE", 1, 1)
    tasks = client("list-tasks", serviceName=name)["taskArns"]
    (task,) = client("describe-tasks", tasks=tasks)["tasks"]
    assert (task["lastStatus"], task["cpu"]) == ("RUNNING", "1024")
    client("delete-express-gateway-service", serviceArn=arn)
    world.until(
        lambda: (
            client("describe-express-gateway-service", serviceArn=arn)["service"]["status"]["statusCode"] == "INACTIVE"
        ),
        60,
    )
