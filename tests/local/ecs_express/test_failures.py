"""Deployments that fail, are stopped or rolled back, and what the API reports of the cause."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

Get = Callable[..., Any]
SECRETS_HEAD = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
)


def container(world: Any, port: int, *variables: str, **more: Any) -> dict[str, Any]:
    """A primaryContainer of the small image with NAME=VALUE variables."""
    pairs = [variable.partition("=") for variable in variables]
    environment = [{"name": name, "value": value} for name, _, value in pairs]
    return {"image": world.push().uri, "containerPort": port, "environment": environment, **more}


def test_three_failed_tasks_roll_back_and_the_old_revision_serves(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("bad-crash", world.push().uri, port, container=container(world, port, "VERSION=1"))
    (before,) = world.describe(arn)["activeConfigurations"]
    revision = world.begin_update(arn, primaryContainer=container(world, port, "VERSION=2", "EXIT_AT_START=7"))
    ended = world.ended(arn, revision)
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["statusReason"].endswith("because the circuit breaker threshold was exceeded.")
    assert ended["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert ended["rollback"]["reason"] == ended["statusReason"]
    assert ended["rollback"]["serviceRevisionArn"] == before["serviceRevisionArn"]
    assert ended["lifecycleStage"] == "SCALE_UP"
    assert [one["serviceRevisionArn"] for one in world.describe(arn)["activeConfigurations"]] == [
        before["serviceRevisionArn"]
    ]
    assert get(port)["env"]["VERSION"] == "1"
    stopped = world.stopped(arn)
    assert len(stopped) == 3
    assert {task["stoppedReason"] for task in stopped} == {"Essential container in task exited"}
    assert {task["containers"][0]["exitCode"] for task in stopped} == {7}


def test_a_first_deployment_has_nothing_to_roll_back_to(world: Any, port: int, status_of: Any) -> None:
    failing = container(world, port, "SICK=yes")
    arn, ended = world.create("bad-first", world.push().uri, port, container=failing)
    assert ended["status"] == "ROLLBACK_FAILED"
    assert ended["statusReason"] == "No rollback candidate was found to run the rollback."
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert "rollback" not in ended
    assert world.describe(arn)["status"]["statusCode"] == "ACTIVE"  # which shows nothing of its health
    assert status_of(port) == 503
    assert {task["stopCode"] for task in world.stopped(arn)} == {"ServiceSchedulerInitiated"}
    assert all("Task failed ELB health checks in" in task["stoppedReason"] for task in world.stopped(arn))
    assert any("is unhealthy in (target-group" in event for event in world.events(arn))
    fixed = world.update(arn, primaryContainer=container(world, port, "VERSION=1"))
    assert (fixed["status"], status_of(port)) == ("SUCCESSFUL", 200)


def test_a_missing_secret_stops_tasks_with_the_text_of_ssm(world: Any, port: int) -> None:
    wrong = container(world, port, secrets=[{"name": "KEY", "valueFrom": "/app/absent"}])
    arn, ended = world.create("bad-secret", world.push().uri, port, container=wrong)
    assert ended["status"] == "ROLLBACK_FAILED"
    task = world.stopped(arn)[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == f"{SECRETS_HEAD}invalid ssm parameters: /app/absent"
    assert any(f"was unable to place a task. Reason: {task['stoppedReason']}" in event for event in world.events(arn))


def test_a_secret_outside_the_execution_role_is_denied(world: Any, port: int) -> None:
    world.client("ssm").put_parameter(Name="/other/key", Value="never-shown", Type="SecureString", Overwrite=True)
    denied = container(world, port, secrets=[{"name": "KEY", "valueFrom": "/other/key"}])
    arn, _ = world.create("bad-denied", world.push().uri, port, container=denied)
    reason = world.stopped(arn)[0]["stoppedReason"]
    assert reason.startswith(f"{SECRETS_HEAD}AccessDeniedException: User: arn:aws:sts::000000000002:assumed-role/Exec")
    assert "is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm" in reason
    assert "never-shown" not in str(world.events(arn))


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("000000000002.dkr.ecr.us-west-2.amazonaws.com/small:absent", "small:absent: not found"),
        ("000000000002.dkr.ecr.us-west-2.amazonaws.com/nowhere:x", "nowhere:x: not found"),
        ("docker.io/library/python:3", "is not an image of ECR"),
        (None, "does not contain descriptor matching platform 'linux/amd64'"),
    ],
)
def test_an_image_that_cannot_be_pulled(world: Any, port: int, image: str | None, text: str) -> None:
    image = image or world.push(architecture="arm64").uri
    arn, ended = world.create("bad-image", image, port)
    assert ended["status"] == "ROLLBACK_FAILED"
    assert text in world.stopped(arn)[0]["stoppedReason"]
    assert world.stopped(arn)[0]["stoppedReason"].startswith("CannotPullContainerError: ")


def test_secrets_are_read_at_every_start_of_a_task(world: Any, port: int, get: Get) -> None:
    ssm = world.client("ssm")
    ssm.put_parameter(Name="/app/turning", Value="one", Type="SecureString", Overwrite=True)
    reads = container(world, port, secrets=[{"name": "KEY", "valueFrom": "/app/turning"}])
    arn, _ = world.create("reads-again", world.push().uri, port, container=reads)
    assert get(port)["env"]["KEY"] == "one"
    ssm.put_parameter(Name="/app/turning", Value="two", Type="SecureString", Overwrite=True)
    assert get(port)["env"]["KEY"] == "one"
    (instance,) = world.instances()
    world.control("POST", "instances/kill", {})
    world.until(lambda: [one for one in world.instances() if one["pid"] != instance["pid"]])
    assert get(port)["env"]["KEY"] == "two"
    ssm.delete_parameter(Name="/app/turning")
    world.control("POST", "instances/kill", {})
    world.until(lambda: [e for e in world.events(arn) if "invalid ssm parameters: /app/turning" in e])
    assert world.plain(arn)["runningCount"] == 0


@pytest.mark.parametrize("stage", ["SCALE_UP", "BAKE_TIME", "CLEAN_UP"])
def test_a_stopped_deployment_rolls_back(world: Any, port: int, get: Get, stage: str) -> None:
    arn, _ = world.create("stopped", world.push().uri, port, container=container(world, port, "VERSION=1"))
    with world.faults({"ecs_hold": {"seconds": 60, "stage": stage}}):
        revision = world.begin_update(arn, primaryContainer=container(world, port, "VERSION=2"))
        deployment = world.reaches(arn, revision, stage)["serviceDeploymentArn"]
        stopping = world.ecs.stop_service_deployment(serviceDeploymentArn=deployment)
        assert stopping["serviceDeploymentArn"] == deployment
        seen = [world.deployment(arn, revision)["status"]]
        ended = world.ended(arn, revision)
    assert seen[0] in {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"}
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert get(port)["env"]["VERSION"] == "1"
    with pytest.raises(world.ecs.exceptions.ConflictException):
        world.ecs.stop_service_deployment(serviceDeploymentArn=deployment)


def test_a_first_deployment_that_is_stopped_fails_to_roll_back(world: Any, port: int) -> None:
    with world.faults({"ecs_hold": {"seconds": 60, "stage": "SCALE_UP"}}):
        request = world.request("stop-first", world.push().uri, port)
        service = world.ecs.create_express_gateway_service(**request)["service"]
        arn, revision = service["serviceArn"], service["activeConfigurations"][0]["serviceRevisionArn"]
        deployment = world.reaches(arn, revision, "SCALE_UP")["serviceDeploymentArn"]
        world.ecs.stop_service_deployment(serviceDeploymentArn=deployment)
        assert world.ended(arn, revision)["status"] == "ROLLBACK_FAILED"
    world.delete(arn)


def test_errors_in_two_datapoints_roll_a_deployment_back(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("alarmed", world.push().uri, port, container=container(world, port, "VERSION=1"))
    bakes = {"bakeTimeInMinutes": 60, "canaryConfiguration": {"canaryBakeTimeInMinutes": 0}}
    world.ecs.update_service(service="alarmed", deploymentConfiguration=bakes)
    revision = world.begin_update(arn, primaryContainer=container(world, port, "VERSION=2"))
    world.reaches(arn, revision, "BAKE_TIME")

    def alarmed() -> bool:
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/status=404", timeout=5)
        return bool(world.deployment(arn, revision)["status"] != "IN_PROGRESS")

    world.until(alarmed)
    ended = world.ended(arn, revision)
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["alarms"]["status"] == "TRIGGERED"
    assert ended["alarms"]["triggeredAlarmNames"] == ["default/alarmed/RollbackAlarm"]
    assert get(port)["env"]["VERSION"] == "1"


def test_delete_in_the_middle_of_a_deployment(world: Any, port: int) -> None:
    arn, _ = world.create("gone-amid", world.push().uri, port)
    with world.faults({"ecs_hold": {"seconds": 60, "stage": "PRODUCTION_TRAFFIC_SHIFT"}}):
        revision = world.begin_update(arn, primaryContainer=container(world, port, "VERSION=2"))
        world.reaches(arn, revision, "PRODUCTION_TRAFFIC_SHIFT")
        world.delete(arn)
    assert world.instances() == []
    assert world.deployment(arn, revision)["status"] == "STOPPED"


def test_two_services_cannot_have_one_port(world: Any, port: int, status_of: Any) -> None:
    first, _ = world.create("port-one", world.push().uri, port)
    arn, ended = world.create("port-two", world.push().uri, port)
    assert ended["status"] == "ROLLBACK_FAILED"
    revision = ended["targetServiceRevision"]["arn"]
    (found,) = world.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    rule = found["ecsManagedResources"]["ingressPaths"][0]["rule"]
    assert rule["status"] == "FAILED"
    assert f"Port {port} of 127.0.0.1 cannot be opened" in rule["statusReason"]
    world.delete(first)
    again = world.update(arn, cpu="512", memory="1024")
    assert (again["status"], status_of(port)) == ("SUCCESSFUL", 200)
    revisions = world.ecs.describe_service_revisions(serviceRevisionArns=[again["targetServiceRevision"]["arn"]])
    managed = revisions["serviceRevisions"][0]["ecsManagedResources"]
    assert (managed["ingressPaths"][0]["rule"]["status"], managed["metricAlarms"][0]["status"]) == ("ACTIVE", "ACTIVE")
