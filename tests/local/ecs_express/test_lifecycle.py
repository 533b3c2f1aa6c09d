"""A service from creation to deletion, through the real API and with real processes."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Get = Callable[..., Any]
VERSION_1 = {"environment": [{"name": "VERSION", "value": "1"}]}
VERSION_2 = {"environment": [{"name": "VERSION", "value": "2"}]}


def test_create_answers_before_anything_runs(world: Any, port: int, get: Get, status_of: Any) -> None:
    image = world.push()
    request = world.request("web-one", image.uri, port, container=VERSION_1, tags=[{"key": "a", "value": "b"}])
    service = world.ecs.create_express_gateway_service(**request)["service"]
    arn = service["serviceArn"]
    assert arn == "arn:aws:ecs:us-west-2:000000000002:service/default/web-one"
    assert service["status"] == {"statusCode": "ACTIVE"}
    assert "currentDeployment" not in service
    assert service["tags"] == [{"key": "a", "value": "b"}]
    (active,) = service["activeConfigurations"]
    revision = active["serviceRevisionArn"]
    assert re.fullmatch(rf"{arn.replace(':service/', ':service-revision/')}/\d+", revision)
    assert active["ingressPaths"] == [{"accessType": "PUBLIC", "endpoint": f"127.0.0.1:{port}"}]
    assert world.ecs.list_service_deployments(service=arn)["serviceDeployments"] == []

    seen: list[int] = []

    def serves() -> bool:
        seen.append(status_of(port))
        return seen[-1] == 200

    world.until(serves, 20)
    assert [one for index, one in enumerate(seen) if index == 0 or one != seen[index - 1]] == [0, 503, 200]
    ended = world.ended(arn, revision)
    assert (ended["status"], ended["lifecycleStage"]) == ("SUCCESSFUL", "CLEAN_UP")
    assert ended["sourceServiceRevisions"] == []
    assert ended["targetServiceRevision"]["runningTaskCount"] == 1
    assert "currentDeployment" not in world.describe(arn)
    found = world.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"][0]
    assert found["containerImages"][0]["imageDigest"] == image.digest
    assert found["ecsManagedResources"]["ingressPaths"][0]["loadBalancer"]["status"] == "ACTIVE"
    assert found["ecsManagedResources"]["metricAlarms"][0]["status"] == "ACTIVE"
    assert get(port)["env"]["VERSION"] == "1"
    assert [instance["service"] for instance in world.instances()] == ["web-one"]


def test_a_deployment_of_the_default_world_takes_few_seconds(world: Any, port: int) -> None:
    arn, _ = world.create("web-time", world.push().uri, port, container=VERSION_1)
    began = time.monotonic()
    assert world.update(arn, primaryContainer=_container(world, port, VERSION_2))["status"] == "SUCCESSFUL"
    assert 1.0 < time.monotonic() - began < 5.0


def test_delete_drains_and_frees_the_port(world: Any, port: int, get: Get) -> None:
    image = world.push()
    arn, _ = world.create("web-gone", image.uri, port)
    pid = get(port)["pid"]
    service = world.ecs.delete_express_gateway_service(serviceArn=arn)["service"]
    assert service["status"] == {"statusCode": "DRAINING"}
    with pytest.raises(world.ecs.exceptions.InvalidParameterException, match="service that is still Draining"):
        world.ecs.create_express_gateway_service(**world.request("web-gone", image.uri, port))
    with pytest.raises(world.ecs.exceptions.ServiceNotActiveException):
        world.ecs.update_express_gateway_service(serviceArn=arn, cpu="512", memory="1024")
    world.until(lambda: world.describe(arn)["status"]["statusCode"] == "INACTIVE")
    assert not Path(f"/proc/{pid}").exists()
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again
    with pytest.raises(world.ecs.exceptions.ServiceNotActiveException):
        world.ecs.delete_express_gateway_service(serviceArn=arn)
    revision = service["activeConfigurations"][0]["serviceRevisionArn"]
    with pytest.raises(world.ecs.exceptions.InvalidParameterException, match="that is INACTIVE"):
        world.ecs.describe_service_revisions(serviceRevisionArns=[revision])
    assert world.plain(arn)["status"] == "INACTIVE"
    again, ended = world.create("web-gone", image.uri, port)
    assert (again, ended["status"]) == (arn, "SUCCESSFUL")


def test_an_existing_name_is_refused(world: Any, port: int) -> None:
    image = world.push()
    world.create("web-twice", image.uri, port)
    with pytest.raises(world.ecs.exceptions.InvalidParameterException, match="not idempotent"):
        world.ecs.create_express_gateway_service(**world.request("web-twice", image.uri, port))


def test_an_update_moves_to_the_new_revision_and_keeps_what_it_does_not_name(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-two", world.push().uri, port, container=VERSION_1)
    old = get(port)["pid"]
    revision = world.begin_update(arn, primaryContainer=_container(world, port, VERSION_2))
    assert world.deployment(arn, revision) is None
    listed = world.listed(arn, revision)
    service = world.describe(arn)
    assert service["currentDeployment"] == listed["serviceDeploymentArn"]
    assert len(service["activeConfigurations"]) == 2
    assert world.ended(arn, revision)["status"] == "SUCCESSFUL"
    (active,) = world.describe(arn)["activeConfigurations"]
    assert (active["serviceRevisionArn"], active["healthCheckPath"]) == (revision, "/health")
    assert get(port)["env"]["VERSION"] == "2"
    assert not Path(f"/proc/{old}").exists()
    (stopped,) = world.stopped(arn)
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert stopped["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")
    assert world.events(arn)[-1] == "(service web-two) has reached a steady state."


def test_one_request_in_twenty_goes_to_the_canary(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-canary", world.push().uri, port, container=VERSION_1)
    bakes = {"bakeTimeInMinutes": 0, "canaryConfiguration": {"canaryBakeTimeInMinutes": 30}}
    world.ecs.update_service(service="web-canary", deploymentConfiguration=bakes)
    revision = world.begin_update(arn, primaryContainer=_container(world, port, VERSION_2))
    stage = world.reaches(arn, revision, "PRODUCTION_TRAFFIC_SHIFT")
    world.until(lambda: world.deployment(arn, revision)["targetServiceRevision"]["requestedProductionTrafficWeight"])
    stage = world.deployment(arn, revision)
    assert stage["targetServiceRevision"]["requestedProductionTrafficWeight"] == 5.0
    assert stage["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 95.0
    versions = [get(port)["env"]["VERSION"] for _ in range(100)]
    assert versions.count("2") == 5
    assert world.ended(arn, revision)["status"] == "SUCCESSFUL"
    assert {get(port)["env"]["VERSION"] for _ in range(20)} == {"2"}


def test_min_and_max_zero_switches_a_service_off_and_on(world: Any, port: int, get: Get, status_of: Any) -> None:
    arn, _ = world.create("web-off", world.push().uri, port)
    assert world.update(arn, scalingTarget={"minTaskCount": 0, "maxTaskCount": 0})["status"] == "SUCCESSFUL"
    assert (status_of(port), world.plain(arn)["runningCount"], world.plain(arn)["desiredCount"]) == (503, 0, 0)
    assert world.update(arn, scalingTarget={"minTaskCount": 1, "maxTaskCount": 2})["status"] == "SUCCESSFUL"
    assert (get(port)["path"], world.plain(arn)["runningCount"]) == ("/", 1)


def test_a_killed_task_is_replaced(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-kill", world.push().uri, port)
    status, answer = world.control("POST", "instances/kill", {})
    assert (status, answer["killed"]["service"]) == (200, "web-kill")
    world.until(lambda: [one for one in world.instances() if one["pid"] != answer["killed"]["pid"]])
    assert get(port)["pid"] != answer["killed"]["pid"]
    (stopped,) = world.stopped(arn)
    assert (stopped["stopCode"], stopped["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)


def test_a_newer_update_stops_the_one_under_way(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-over", world.push().uri, port, container=VERSION_1)
    with world.faults({"ecs_hold": {"seconds": 60, "stage": "BAKE_TIME", "times": 1}}):
        first = world.begin_update(arn, primaryContainer=_container(world, port, VERSION_2))
        world.reaches(arn, first, "BAKE_TIME")
        third = {"environment": [{"name": "VERSION", "value": "3"}]}
        second = world.begin_update(arn, primaryContainer=_container(world, port, third))
        assert world.ended(arn, first)["status"] == "STOPPED"
        assert world.ended(arn, second)["status"] == "SUCCESSFUL"
    assert get(port)["env"]["VERSION"] == "3"


def test_of_several_updates_at_once_the_last_is_deployed(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-many", world.push().uri, port, container=VERSION_1)
    revisions = []
    for number in range(2, 6):
        container = {"environment": [{"name": "VERSION", "value": str(number)}]}
        revisions.append(world.begin_update(arn, primaryContainer=_container(world, port, container)))
    assert world.ended(arn, revisions[-1])["status"] == "SUCCESSFUL"
    assert {world.ended(arn, revision)["status"] for revision in revisions[:-1]} == {"STOPPED"}
    assert get(port)["env"]["VERSION"] == "5"
    assert len(world.instances()) == 1


def test_plain_ecs_refuses_to_delete_and_to_change_the_rest(world: Any, port: int) -> None:
    world.create("web-plain", world.push().uri, port)
    canary = {"canaryConfiguration": {"canaryPercent": 50.0}}
    for operation, request in (
        ("DeleteService", {"force": True}),
        ("UpdateService", {"desiredCount": 3}),
        ("UpdateService", {"deploymentConfiguration": {"strategy": "ROLLING"}}),
        ("UpdateService", {"deploymentConfiguration": canary}),
    ):
        status, answer = world.ask(operation, {"service": "web-plain", **request})
        assert (status, answer["__type"]) == (400, "InvalidParameterException"), operation


def _container(world: Any, port: int, more: dict[str, Any]) -> dict[str, Any]:
    return {"image": world.push().uri, "containerPort": port, **more}
