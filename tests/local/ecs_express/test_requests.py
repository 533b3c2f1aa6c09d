"""Requests that must be refused, each for one reason, over the wire; and the shape of the answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import botocore.session
import pytest

from deployer.local import validate

SECRET = "never-repeat-this"
IMAGE = "000000000002.dkr.ecr.us-west-2.amazonaws.com/small:x"
DEFINITION = "arn:aws:ecs:us-west-2:000000000002:task-definition/mine:1"
UNKNOWN = "arn:aws:ecs:us-west-2:000000000002:service/default/absent"


def changed(world: Any, **changes: Any) -> dict[str, Any]:
    """A valid CreateExpressGatewayService request, with a few members replaced, by dotted path."""
    whole: dict[str, Any] = world.request("valid-name", IMAGE, 8001)
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = whole
        for name in parents:
            part = part.setdefault(name, {})
        part[last] = value
    return whole


ENVIRONMENT, SECRETS = "primaryContainer__environment", "primaryContainer__secrets"
REFUSED = [
    ("infrastructureRoleArn", None, "infrastructureRoleArn is required"),
    ("infrastructureRoleArn", "arn:aws:iam::000000000002:role/Absent", "Cannot assume role"),
    ("infrastructureRoleArn", "arn:aws:iam::000000000002:role/Execution", "does not trust ecs.amazonaws.com"),
    ("executionRoleArn", None, "executionRoleArn are required"),
    ("primaryContainer", None, "primaryContainer and executionRoleArn are required"),
    ("primaryContainer__image", None, "primaryContainer.image is required"),
    ("primaryContainer__image", " ", "image must not be empty"),
    ("primaryContainer__containerPort", "80", "must be a whole number"),
    ("primaryContainer__containerPort", 0, "containerPort must be from 1 to 65535"),
    ("primaryContainer__containerPort", 65536, "containerPort must be from 1 to 65535"),
    (ENVIRONMENT, [{"name": "A", "value": SECRET}, {"name": "A", "value": "b"}], "1 names are there more than once"),
    (ENVIRONMENT, [{"value": SECRET}], "a name must not be empty"),
    (ENVIRONMENT, [{"name": "A=B", "value": SECRET}], "hold neither = nor NUL"),
    (ENVIRONMENT, [{"name": "A", "value": f"{SECRET}\0"}], "a value cannot hold NUL"),
    (SECRETS, [{"name": "A", "valueFrom": "/a"}, {"name": "A", "valueFrom": "/b"}], "there more than once"),
    (SECRETS, [{"name": "A"}], "valueFrom is required"),
    ("cpu", "1000", "cpu must be one of 256"),
    ("cpu", "1 vCPU", "cpu must be one of 256"),
    ("memory", "1024", "No Fargate configuration exists for given values: 1024 CPU, 1024 memory"),
    ("memory", "2 GB", "No Fargate configuration exists"),
    ("cpuArchitecture", "RISCV", "is none of X86_64, ARM64"),
    ("healthCheckPath", "health", "healthCheckPath must start with /"),
    ("healthCheckPath", "/a b", "hold no space"),
    ("serviceName", "no spaces", "serviceName must have 1 to 255"),
    ("serviceName", "a" * 256, "serviceName must have 1 to 255"),
    ("scalingTarget__minTaskCount", 3, "minTaskCount 3 is greater than maxTaskCount 2"),
    ("scalingTarget__minTaskCount", -1, "must not be negative"),
    ("scalingTarget__autoScalingMetric", "LOAD", "is none of AVERAGE_CPU"),
    ("scalingTarget__autoScalingTargetValue", 0, "autoScalingTargetValue must be positive"),
    (
        "taskDefinitionArn",
        DEFINITION,
        "together with primaryContainer, executionRoleArn, cpu, memory",
    ),
    ("tags", [{"key": "a"}, {"key": "a"}], "is given twice"),
    ("tags", [{"key": f"k{number}", "value": ""} for number in range(51)], "is more than 50"),
    ("surprise", 1, "unknown member surprise"),
]


@pytest.mark.parametrize(("path", "value", "text"), REFUSED)
def test_a_wrong_request_is_refused(world: Any, path: str, value: Any, text: str) -> None:
    status, answer = world.ask("CreateExpressGatewayService", changed(world, **{path: value}))
    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert text in answer["message"]
    assert SECRET not in answer["message"]


def test_a_name_in_both_lists_is_refused(world: Any) -> None:
    both = {ENVIRONMENT: [{"name": "A", "value": SECRET}], SECRETS: [{"name": "A", "valueFrom": "/app/a"}]}
    status, answer = world.ask("CreateExpressGatewayService", changed(world, **both))
    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert "1 names are in both environment and secrets" in answer["message"]


def test_a_task_definition_has_at_most_64_kib(world: Any) -> None:
    large = changed(world, **{ENVIRONMENT: [{"name": "A", "value": "x" * 65536}]})
    status, answer = world.ask("CreateExpressGatewayService", large)
    assert (status, answer["__type"]) == (400, "ClientException")
    assert "Max allowed length is '65536' bytes." in answer["message"]


@pytest.mark.parametrize(
    ("operation", "request_", "status", "code"),
    [
        ("DescribeExpressGatewayService", {"serviceArn": UNKNOWN}, 400, "ResourceNotFoundException"),
        ("UpdateExpressGatewayService", {"serviceArn": UNKNOWN}, 400, "InvalidParameterException"),
        ("DeleteExpressGatewayService", {"serviceArn": UNKNOWN}, 400, "ServiceNotFoundException"),
        ("UpdateExpressGatewayService", {"serviceArn": UNKNOWN, "cluster": "x"}, 400, "InvalidParameterException"),
        ("ListServiceDeployments", {"service": "absent"}, 400, "ServiceNotFoundException"),
        ("ListServiceDeployments", {"service": "absent", "cluster": "none"}, 400, "ClusterNotFoundException"),
        ("ListServiceDeployments", {"service": "absent", "maxResults": 101}, 400, "InvalidParameterException"),
        ("StopServiceDeployment", {"serviceDeploymentArn": "x"}, 400, "ServiceDeploymentNotFoundException"),
        (
            "StopServiceDeployment",
            {"serviceDeploymentArn": "x", "stopType": "ABORT"},
            400,
            "InvalidParameterException",
        ),
        ("DescribeServiceDeployments", {"serviceDeploymentArns": ["x"] * 21}, 400, "InvalidParameterException"),
        ("UpdateService", {"service": "absent"}, 400, "ServiceNotFoundException"),
        ("ListTasks", {"cluster": "none"}, 400, "ClusterNotFoundException"),
        ("TagResource", {"resourceArn": UNKNOWN, "tags": []}, 400, "InvalidParameterException"),
        ("RunTask", {}, 501, "NotEmulated"),
    ],
)
def test_what_does_not_exist(world: Any, operation: str, request_: dict[str, Any], status: int, code: str) -> None:
    world.ecs.create_cluster()
    answered, answer = world.ask(operation, request_)
    assert (answered, answer["__type"]) == (status, code)


def test_a_cluster_of_another_name_has_to_exist(world: Any, port: int) -> None:
    request = changed(world, cluster="elsewhere")
    assert world.ask("CreateExpressGatewayService", request)[1]["__type"] == "ClusterNotFoundException"
    described = world.ecs.describe_clusters(clusters=["elsewhere"])
    assert (described["clusters"], described["failures"][0]["reason"]) == ([], "MISSING")
    world.ecs.create_cluster(clusterName="other")
    (cluster,) = world.ecs.describe_clusters(clusters=["other"])["clusters"]
    assert (cluster["status"], cluster["activeServicesCount"]) == ("ACTIVE", 0)


def test_deployments_are_listed_newest_first_in_pages(world: Any, port: int) -> None:
    arn, first = world.create("listed", world.push().uri, port)
    second = world.update(arn, cpu="512", memory="1024")
    page = world.ecs.list_service_deployments(service="listed", maxResults=1)
    assert [one["serviceDeploymentArn"] for one in page["serviceDeployments"]] == [second["serviceDeploymentArn"]]
    rest = world.ecs.list_service_deployments(service=arn, maxResults=1, nextToken=page["nextToken"])
    assert [one["serviceDeploymentArn"] for one in rest["serviceDeployments"]] == [first["serviceDeploymentArn"]]
    assert "nextToken" not in rest
    after = world.ecs.list_service_deployments(service=arn, createdAt={"after": first["createdAt"]})
    assert second["serviceDeploymentArn"] in [one["serviceDeploymentArn"] for one in after["serviceDeployments"]]
    before = world.ecs.list_service_deployments(
        service=arn, createdAt={"before": first["createdAt"] - timedelta(seconds=1)}
    )
    assert before["serviceDeployments"] == []
    none = world.ecs.list_service_deployments(service=arn, status=["IN_PROGRESS"])
    assert none["serviceDeployments"] == []
    status, answer = world.ask("ListServiceDeployments", {"service": arn, "nextToken": "bm90aGluZw=="})
    assert (status, answer["__type"]) == (400, "InvalidParameterException")


def test_tags_are_added_and_removed(world: Any, port: int) -> None:
    arn, _ = world.create("tagged", world.push().uri, port, tags=[{"key": "a", "value": "1"}])
    world.ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    world.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert world.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    described = world.ecs.describe_express_gateway_service(serviceArn=arn, include=["TAGS"])["service"]
    assert described["tags"] == [{"key": "b", "value": "2"}]
    assert "tags" not in world.describe(arn)


def test_what_ecs_adds_and_reorders(world: Any, port: int) -> None:
    environment = [{"name": name, "value": "x"} for name in ("ALPHA", "BETA", "GAMMA")]
    arn, _ = world.create("filled", world.push().uri, port, container={"environment": environment})
    (active,) = world.describe(arn)["activeConfigurations"]
    shown = active["primaryContainer"]["environment"]
    assert shown != environment
    assert sorted(shown, key=lambda entry: entry["name"]) == environment
    assert active["scalingTarget"]["autoScalingMetric"] == "AVERAGE_CPU"
    assert active["networkConfiguration"]["securityGroups"]
    assert active["primaryContainer"]["awsLogsConfiguration"]["logGroup"].startswith("/aws/ecs/default/filled-")


def test_a_list_of_variables_replaces_the_whole_list(world: Any, port: int) -> None:
    image = world.push().uri
    arn, _ = world.create("replaced", image, port, container={"environment": [{"name": "A", "value": "x"}]})
    world.update(arn, primaryContainer={"image": image, "containerPort": port})
    (active,) = world.describe(arn)["activeConfigurations"]
    assert "environment" not in active["primaryContainer"]


def test_answers_fit_the_model(world: Any, port: int) -> None:
    arn, ended = world.create("modelled", world.push().uri, port, tags=[{"key": "a", "value": "b"}])
    revision = ended["targetServiceRevision"]["arn"]
    (task,) = world.ecs.list_tasks(serviceName="modelled")["taskArns"]
    requests: dict[str, dict[str, Any]] = {
        "DescribeExpressGatewayService": {"serviceArn": arn, "include": ["TAGS"]},
        "ListServiceDeployments": {"service": arn},
        "DescribeServiceDeployments": {"serviceDeploymentArns": [ended["serviceDeploymentArn"]]},
        "DescribeServiceRevisions": {"serviceRevisionArns": [revision]},
        "DescribeServices": {"services": [arn], "include": ["TAGS"]},
        "DescribeTasks": {"tasks": [task]},
        "DescribeClusters": {},
        "ListTasks": {},
        "UpdateExpressGatewayService": {"serviceArn": arn, "cpu": "512", "memory": "1024"},
        "DeleteExpressGatewayService": {"serviceArn": arn},
    }
    model = botocore.session.get_session().get_service_model("ecs")
    for operation, request in requests.items():
        status, answer = world.ask(operation, request)
        assert status == 200, answer
        assert validate.reasons(model.operation_model(operation).output_shape, answer) == [], operation
    world.until(lambda: world.describe(arn)["status"]["statusCode"] == "INACTIVE")
