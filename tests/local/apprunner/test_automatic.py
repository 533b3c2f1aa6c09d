"""Automatic deployments: a push to the watched tag is deployed, and no other."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests import loopback

Get = Callable[..., Any]
REPOSITORY = "000000000000.dkr.ecr.us-west-2.amazonaws.com/small"


def create(world: Any, name: str, port: int, tag: str, **source: Any) -> str:
    """A service of the image that is behind a tag."""
    whole = world.source(f"{REPOSITORY}:{tag}", port) | {"AutoDeploymentsEnabled": True} | source
    arn, status = world.create(name, "", port, SourceConfiguration=whole)
    assert status == "SUCCEEDED", world.log(arn, "service")
    return str(arn)


def operations(world: Any, arn: str) -> list[tuple[str, str]]:
    listed = world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    return [(one["Type"], one["Status"]) for one in listed]


def settled(world: Any, arn: str, count: int) -> None:
    """Wait for the end of an operation that makes `count`."""
    world.until(lambda: len(operations(world, arn)) >= count and world.describe(arn)["Status"] == "RUNNING", 30)
    assert len(operations(world, arn)) == count


def test_a_push_to_the_watched_tag_is_deployed(world: Any, port: int, get: Get) -> None:
    world.push(env=("VERSION=1",), tag="auto-one")
    arn = create(world, "auto-one", port, "auto-one")
    before = world.describe(arn)
    world.push(env=("VERSION=2",), tag="auto-one")
    settled(world, arn, 2)
    assert operations(world, arn) == [("START_DEPLOYMENT", "SUCCEEDED"), ("CREATE_SERVICE", "SUCCEEDED")]
    assert get(port)["env"]["VERSION"] == "2"
    assert world.describe(arn)["SourceConfiguration"] == before["SourceConfiguration"]


@pytest.mark.parametrize(
    "source",
    [
        {"AutoDeploymentsEnabled": False},
        {"ImageRepository": "by digest"},
        {"ImageRepository": "another tag"},
    ],
    ids=["off", "digest", "another tag"],
)
def test_other_pushes_are_not(world: Any, port: int, get: Get, source: dict[str, Any]) -> None:
    first = world.push(env=("VERSION=1",), tag="auto-two")
    world.push(env=("VERSION=1",), tag="auto-other")
    images = {"by digest": first.uri, "another tag": f"{REPOSITORY}:auto-other"}
    if image := images.get(str(source.get("ImageRepository"))):
        source = {"ImageRepository": world.source(image, port)["ImageRepository"]}
    arn = create(world, "auto-two", port, "auto-two", **source)
    world.push(env=(f"VERSION=2{port}",), tag="auto-two")
    world.push(env=(f"VERSION=3{port}",), tag="auto-third")
    assert operations(world, arn) == [("CREATE_SERVICE", "SUCCEEDED")]
    assert get(port)["env"]["VERSION"] == "1"


def test_a_push_that_ecr_refuses_is_none(world: Any, port: int) -> None:
    world.push(env=("VERSION=1",), tag="auto-same")
    arn = create(world, "auto-same", port, "auto-same")
    world.push(env=("VERSION=1",), tag="auto-same")  # ImageAlreadyExistsException
    with world.faults({"refuse": {"call": "ecr:PutImage"}}), pytest.raises(Exception, match="AccessDenied"):
        world.push(env=("VERSION=2",), tag="auto-same")
    assert operations(world, arn) == [("CREATE_SERVICE", "SUCCEEDED")]


def test_one_by_the_registrys_protocol_counts(world: Any, port: int, get: Get) -> None:
    world.push(env=("VERSION=1",), tag="auto-docker")
    arn = create(world, "auto-docker", port, "auto-docker")
    ecr = world.client("ecr")
    digest = world.push(env=("VERSION=docker",)).digest
    [image] = ecr.batch_get_image(repositoryName="small", imageIds=[{"imageDigest": digest}])["images"]
    [data] = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    answer = loopback.put(
        f"{data['proxyEndpoint']}/v2/small/manifests/auto-docker",
        content=image["imageManifest"],
        headers={"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
        auth=(user, password),
    )
    assert answer.status_code == 201
    settled(world, arn, 2)
    assert get(port)["env"]["VERSION"] == "docker"


def test_pushes_during_an_operation_are_deployed_once_after_it(world: Any, port: int, get: Get) -> None:
    world.push(env=("VERSION=1",), tag="auto-busy")
    arn = create(world, "auto-busy", port, "auto-busy")
    with world.faults({"hold": {"seconds": 3600, "operation": "START_DEPLOYMENT", "times": 1}}):
        for version in ("2", "3", "4"):
            world.push(env=(f"VERSION={version}",), tag="auto-busy")
        assert len(operations(world, arn)) == 2
    settled(world, arn, 3)
    assert [kind for kind, _ in operations(world, arn)] == ["START_DEPLOYMENT", "START_DEPLOYMENT", "CREATE_SERVICE"]
    assert get(port)["env"]["VERSION"] == "4"


def test_an_update_that_turns_them_off_forgets_what_was_pushed(world: Any, port: int, get: Get) -> None:
    first = world.push(env=("VERSION=1",), tag="auto-off")
    arn = create(world, "auto-off", port, "auto-off")
    with world.faults({"hold": {"seconds": 3600, "operation": "UPDATE_SERVICE"}}):
        operation = world.apprunner.update_service(ServiceArn=arn, SourceConfiguration=world.source(first.uri, port))
        world.push(env=("VERSION=2",), tag="auto-off")
    assert world.ended(arn, operation["OperationId"]) == "SUCCEEDED"
    assert [kind for kind, _ in operations(world, arn)] == ["UPDATE_SERVICE", "CREATE_SERVICE"]
    assert get(port)["env"]["VERSION"] == "1"


def test_a_paused_service_deploys_none_also_when_it_is_resumed(world: Any, port: int, get: Get) -> None:
    client = world.apprunner
    world.push(env=("VERSION=1",), tag="auto-nap")
    arn = create(world, "auto-nap", port, "auto-nap")
    with world.faults({"hold": {"seconds": 3600, "operation": "PAUSE_SERVICE"}}):
        operation = client.pause_service(ServiceArn=arn)["OperationId"]
        world.push(env=("VERSION=2",), tag="auto-nap")
    assert world.ended(arn, operation) == "SUCCEEDED"
    world.push(env=("VERSION=3",), tag="auto-nap")
    assert world.ended(arn, client.resume_service(ServiceArn=arn)["OperationId"]) == "SUCCEEDED"
    assert operations(world, arn)[0][0] == "RESUME_SERVICE"
    assert get(port)["env"]["VERSION"] == "1"
    world.push(env=("VERSION=4",), tag="auto-nap")
    settled(world, arn, 4)
    assert get(port)["env"]["VERSION"] == "4"


def test_a_bad_image_is_rolled_back(world: Any, port: int, get: Get) -> None:
    world.push(env=("VERSION=1",), tag="auto-bad")
    arn = create(world, "auto-bad", port, "auto-bad")
    world.push(env=("EXIT_AT_START=3",), tag="auto-bad")
    settled(world, arn, 2)
    assert operations(world, arn)[0] == ("START_DEPLOYMENT", "ROLLBACK_SUCCEEDED")
    assert get(port)["env"]["VERSION"] == "1"
