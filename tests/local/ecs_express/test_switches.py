"""The fault switches of ECS Express Mode: what goes wrong on AWS, on demand."""

from __future__ import annotations

import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

CREATE_DENIED = "not authorized to perform: elasticloadbalancing:CreateLoadBalancer"


def begun(world: Any, name: str, port: int, **more: Any) -> tuple[str, str]:
    """A service whose deployment is not awaited: its ARN and that of its revision."""
    request = world.request(name, world.push().uri, port, **more)
    service = world.ecs.create_express_gateway_service(**request)["service"]
    return service["serviceArn"], service["activeConfigurations"][0]["serviceRevisionArn"]


def load_balancer(world: Any, revision: str) -> dict[str, Any]:
    (described,) = world.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    found: dict[str, Any] = described["ecsManagedResources"]["ingressPaths"][0]["loadBalancer"]
    return found


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("image-missing", "CannotPullContainerError"),
        ("wrong-platform", "matching platform 'linux/amd64'"),
        ("secret-missing", "invalid ssm parameters"),
        ("secret-denied", "not authorized to perform: ssm:GetParameters"),
    ],
)
def test_tasks_that_fail_to_start(world: Any, port: int, why: str, text: str) -> None:
    with world.faults({"ecs_task_fails": {"why": why}}):
        arn, ended = world.create("fails", world.push().uri, port)
    assert ended["status"] == "ROLLBACK_FAILED"
    assert text in world.stopped(arn)[0]["stoppedReason"]


def test_two_failed_tasks_are_survived(world: Any, port: int) -> None:
    with world.faults({"ecs_task_fails": {"why": "image-missing", "times": 2}}):
        arn, ended = world.create("survives", world.push().uri, port)
    assert (ended["status"], ended["deploymentCircuitBreaker"]["failureCount"]) == ("SUCCESSFUL", 2)
    assert len(world.stopped(arn)) == 2


def test_a_deployment_that_is_listed_late(world: Any, port: int) -> None:
    with world.faults({"ecs_list_late": {"seconds": 1}}):
        arn, revision = begun(world, "late", port)
        began = time.monotonic()
        world.listed(arn, revision)
        assert time.monotonic() - began > 0.8
    world.ended(arn, revision)


def test_a_revision_that_is_missing_at_first(world: Any, port: int) -> None:
    _, ended = world.create("missing", world.push().uri, port)
    revision = ended["targetServiceRevision"]["arn"]
    with world.faults({"ecs_revision_missing": {"times": 1}}):
        first = world.ecs.describe_service_revisions(serviceRevisionArns=[revision])
        second = world.ecs.describe_service_revisions(serviceRevisionArns=[revision])
    assert (first["serviceRevisions"], first["failures"]) == ([], [{"arn": revision, "reason": "MISSING"}])
    assert (len(second["serviceRevisions"]), second["failures"]) == (1, [])


def test_a_fresh_role_cannot_be_assumed(world: Any, port: int) -> None:
    refused = pytest.raises(world.ecs.exceptions.InvalidParameterException, match="Cannot assume role")
    with world.faults({"ecs_fresh_roles": {"seconds": 3600}}), refused:
        begun(world, "fresh", port)
    world.create("fresh", world.push().uri, port)


def test_a_refused_load_balancer_is_never_tried_again(world: Any, port: int, status_of: Any) -> None:
    with world.faults({"ecs_wedge": {"times": 1}}):
        arn, revision = begun(world, "wedged", port)
        world.until(lambda: load_balancer(world, revision)["status"] == "FAILED")
    assert CREATE_DENIED in load_balancer(world, revision)["statusReason"]
    assert world.describe(arn)["status"]["statusCode"] == "ACTIVE"
    assert (world.deployment(arn, revision)["status"], status_of(port)) == ("IN_PROGRESS", 0)
    again = world.begin_update(arn, cpu="512", memory="1024")
    world.until(lambda: world.deployment(arn, revision)["status"] == "STOPPED")
    world.reaches(arn, again, "RECONCILE_SERVICE")
    time.sleep(0.5)
    assert (world.deployment(arn, again)["status"], status_of(port)) == ("IN_PROGRESS", 0)
    world.delete(arn)
    assert world.create("wedged", world.push().uri, port)[1]["status"] == "SUCCESSFUL"


def test_an_infrastructure_role_without_rights_wedges_a_service(world: Any, port: int) -> None:
    iam = world.client("iam")
    iam.create_role(RoleName="Powerless", AssumeRolePolicyDocument=world.trust("ecs.amazonaws.com"))
    role = "arn:aws:iam::000000000002:role/Powerless"
    arn, revision = begun(world, "powerless", port, infrastructureRoleArn=role)
    world.until(lambda: load_balancer(world, revision)["status"] == "FAILED")
    deployment = world.deployment(arn, revision)["serviceDeploymentArn"]
    world.ecs.stop_service_deployment(serviceDeploymentArn=deployment)
    assert world.ended(arn, revision)["status"] == "ROLLBACK_FAILED"
    world.delete(arn)


def test_a_split_rule_loses_requests_and_refuses_deployments(world: Any, port: int, status_of: Any) -> None:
    with world.faults({"ecs_split_rule": {"times": 1}}):
        arn, ended = world.create("split", world.push().uri, port)
    assert ended["status"] == "SUCCESSFUL"
    assert [status_of(port) for _ in range(20)].count(503) == 19
    again = world.update(arn, cpu="512", memory="1024")
    assert again["status"] == "ROLLBACK_SUCCESSFUL"
    assert "should have exactly one target group serving traffic but found 2" in again["statusReason"]
    assert [status_of(port) for _ in range(20)].count(503) == 19


def test_an_update_that_resets_the_desired_count(world: Any, port: int, status_of: Any) -> None:
    arn, _ = world.create("zero", world.push().uri, port)
    with world.faults({"ecs_desired_zero": True}):
        assert world.update(arn, cpu="512", memory="1024")["status"] == "SUCCESSFUL"
    plain = world.plain(arn)
    assert (plain["desiredCount"], plain["runningCount"], status_of(port)) == (0, 0, 503)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "AccessDeniedException"),
        (429, "ThrottlingException"),
        (500, "ServerException"),
        (503, "ServiceUnavailable"),
    ],
)
def test_a_refused_call(world: Any, status: int, code: str) -> None:
    switches = {"refuse": {"call": "ecs:DescribeClusters", "status": status}}
    with world.faults(switches), pytest.raises(ClientError) as refused:
        world.ecs.describe_clusters()
    assert refused.value.response["Error"]["Code"] == code


def test_a_held_deployment_goes_on_when_the_switch_is_cleared(world: Any, port: int) -> None:
    with world.faults({"ecs_hold": {"seconds": 3600, "stage": "PENDING"}}):
        arn, revision = begun(world, "held", port)
        world.listed(arn, revision)
        time.sleep(0.3)
        assert world.deployment(arn, revision)["status"] == "PENDING"
    assert world.ended(arn, revision)["status"] == "SUCCESSFUL"


def test_requests_inside_the_old_task_end_even_if_a_rollback_starts_meanwhile(world: Any, port: int, get: Any) -> None:
    """The old tasks are being drained when the deployment is stopped: the rollback starts tasks of their revision."""
    first = {"environment": [{"name": "VERSION", "value": "1"}]}
    arn, _ = world.create("drains", world.push().uri, port, container=first)
    old = get(port)["pid"]
    with ThreadPoolExecutor(1) as pool, world.faults({"ecs_hold": {"seconds": 3600, "stage": "BAKE_TIME"}}):
        image = world.push().uri
        second = {"image": image, "containerPort": port, "environment": [{"name": "VERSION", "value": "2"}]}
        revision = world.begin_update(arn, primaryContainer=second)
        world.until(lambda: world.deployment(arn, revision))
        slow = pool.submit(_slow, port)
        world.reaches(arn, revision, "BAKE_TIME")
        world.switch("DELETE")
        stage = world.reaches(arn, revision, "CLEAN_UP")
        world.until(lambda: [event for event in world.events(arn) if "has begun draining" in event])
        world.ecs.stop_service_deployment(serviceDeploymentArn=stage["serviceDeploymentArn"])
        assert world.ended(arn, revision)["status"] == "ROLLBACK_SUCCESSFUL"
        assert slow.result() == 200
    who = get(port)
    assert (who["env"]["VERSION"], who["pid"] != old) == ("1", True)


def _slow(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/slow=3", timeout=20) as answer:
        status: int = answer.status
        return status
