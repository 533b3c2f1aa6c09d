"""Requests that must be refused, each for one reason, over the wire; and the answer's shape."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from deployer.local import validate

ROLE = "arn:aws:iam::000000000000:role/Access"
IMAGE = "000000000000.dkr.ecr.us-west-2.amazonaws.com/small:x"
CONNECTOR = f"arn:aws:apprunner:us-west-2:000000000000:vpcconnector/nowhere/1/{'0' * 32}"
TRACING = f"arn:aws:apprunner:us-west-2:000000000000:observabilityconfiguration/nothing/1/{'0' * 32}"
SECRET = "never-repeat-this"


def request(**changes: Any) -> dict[str, Any]:
    """A valid CreateService request, with a few members replaced, by dotted path."""
    whole: dict[str, Any] = {
        "ServiceName": "valid-name",
        "SourceConfiguration": {
            "ImageRepository": {
                "ImageIdentifier": IMAGE,
                "ImageRepositoryType": "ECR",
                "ImageConfiguration": {"Port": "8001"},
            },
            "AuthenticationConfiguration": {"AccessRoleArn": ROLE},
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = whole
        for name in parents:
            part = part.setdefault(name, {})
        part[last] = value
    return whole


SOURCE = "SourceConfiguration__ImageRepository"
IMAGE_CONFIGURATION = f"{SOURCE}__ImageConfiguration"

REFUSED = [
    ("ServiceName", "abc", "ServiceName has 3 characters, which is less than 4"),
    ("ServiceName", "a" * 41, "is more than 40"),
    ("ServiceName", "no spaces", "does not match"),
    ("ServiceName", 7, "ServiceName must be a string"),
    ("ServiceName", None, "ServiceName is required"),
    ("Surprise", 1, "unknown member Surprise"),
    (f"{SOURCE}__ImageRepositoryType", "DOCKERHUB", "is none of ECR, ECR_PUBLIC"),
    (f"{SOURCE}__ImageIdentifier", "docker.io/library/python", "does not match"),
    (f"{IMAGE_CONFIGURATION}__Port", 8001, "Port must be a string"),
    (f"{IMAGE_CONFIGURATION}__Port", "80a", "Port must be a number from 1 to 65535"),
    (f"{IMAGE_CONFIGURATION}__Port", "65536", "Port must be a number from 1 to 65535"),
    (f"{IMAGE_CONFIGURATION}__StartCommand", f"a\n{SECRET}", "StartCommand = (not shown) does not match"),
    (f"{IMAGE_CONFIGURATION}__StartCommand", f"a '{SECRET}", "cannot be split into words"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"PORT": SECRET}, "PORT is set by App Runner"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentSecrets", {"PORT": SECRET}, "PORT is set by App Runner"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"AWSAPPRUNNER_X": SECRET}, "AWSAPPRUNNER are reserved"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"A=B": SECRET}, "cannot hold = or NUL"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"A": f"{SECRET}\0"}, "a value cannot hold NUL"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"": SECRET}, "the key of entry 1 has 0 characters"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"A": f"{SECRET}\nb"}, "the value of entry 1"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentVariables", {"A": [SECRET]}, "must be a string"),
    (f"{IMAGE_CONFIGURATION}__RuntimeEnvironmentSecrets", {"A": "x" * 2049}, "is more than 2048"),
    ("SourceConfiguration__AuthenticationConfiguration", {}, "AccessRoleArn is required"),
    ("SourceConfiguration__AuthenticationConfiguration__AccessRoleArn", "arn:aws:iam::1:role/x", "less than 29"),
    (
        "SourceConfiguration__AuthenticationConfiguration__AccessRoleArn",
        "arn:aws:iam::000000000000:user/somebody",
        "does not match",
    ),
    ("SourceConfiguration__ImageRepository", None, "exactly one of"),
    ("SourceConfiguration__AutoDeploymentsEnabled", "no", "must be true or false"),
    ("InstanceConfiguration__Cpu", "77777", "does not match"),
    ("InstanceConfiguration", {"Cpu": "1 vCPU", "Memory": "12 GB"}, "go with 2048 or 3072 or 4096 MB"),
    ("InstanceConfiguration", {"Cpu": "256"}, "256 CPU units go with 512 or 1024 MB"),
    ("HealthCheckConfiguration__Interval", 21, "HealthCheckConfiguration.Interval = '21' is more than 20"),
    ("HealthCheckConfiguration__Timeout", 0, "is less than 1"),
    ("HealthCheckConfiguration__Timeout", True, "must be a whole number"),
    ("HealthCheckConfiguration__Timeout", 1.5, "must be a whole number"),
    ("HealthCheckConfiguration__Protocol", "FOO", "is none of TCP, HTTP"),
    ("HealthCheckConfiguration__Path", "health", "must start with /"),
    ("HealthCheckConfiguration__Path", "/a b", "hold no space"),
    ("Tags", [{"Key": "aws:x", "Value": ""}], "does not match"),
    ("Tags", [{"Key": "a"}, {"Key": "a"}], "is given twice"),
    ("Tags", [{"Value": "a"}], "needs a Key"),
    ("Tags", {"Key": "a"}, "Tags must be a list"),
    ("Tags", [{"Key": f"k{n}"} for n in range(51)], "50 tags"),
    ("NetworkConfiguration__EgressConfiguration", {"EgressType": "VPC"}, "VpcConnectorArn is required"),
    ("NetworkConfiguration__EgressConfiguration", {"VpcConnectorArn": CONNECTOR}, "goes with the EgressType VPC only"),
    ("NetworkConfiguration__EgressConfiguration", {"EgressType": "LAN"}, "is none of DEFAULT, VPC"),
    (
        "NetworkConfiguration__EgressConfiguration",
        {"EgressType": "VPC", "VpcConnectorArn": CONNECTOR},
        f"There is no VPC connector {CONNECTOR}",
    ),
    ("NetworkConfiguration__EgressConfiguration", {"EgressType": "VPC", "VpcConnectorArn": "x"}, "does not match"),
    ("NetworkConfiguration__IpAddressType", "IPV6", "is none of IPV4, DUAL_STACK"),
    ("ObservabilityConfiguration", {"ObservabilityEnabled": True}, "is required then"),
    ("ObservabilityConfiguration", {"ObservabilityEnabled": False, "ObservabilityConfigurationArn": TRACING}, "goes"),
    (
        "ObservabilityConfiguration",
        {"ObservabilityEnabled": True, "ObservabilityConfigurationArn": TRACING},
        f"There is no observability configuration {TRACING}",
    ),
    ("ObservabilityConfiguration", {}, "ObservabilityEnabled is required"),
    ("EncryptionConfiguration", {}, "KmsKey is required"),
    ("EncryptionConfiguration", {"KmsKey": "alias/mine"}, "does not match"),
    ("AutoScalingConfigurationArn", "nonsense", "does not match"),
    (
        "AutoScalingConfigurationArn",
        "arn:aws:apprunner:us-west-2:000000000000:autoscalingconfiguration/none",
        "There is no auto scaling configuration",
    ),
]


@pytest.mark.parametrize(("member", "value", "told"), REFUSED)
def test_refused(shared: Any, member: str, value: object, told: str) -> None:
    status, answer = shared.ask("CreateService", request(**{member: value}))
    assert (status, answer["__type"]) == (400, "InvalidRequestException")
    assert told in answer["Message"]
    assert SECRET not in json.dumps(answer)
    assert shared.apprunner.list_services()["ServiceSummaryList"] == []


def test_a_name_in_both_maps(shared: Any) -> None:
    maps = {"RuntimeEnvironmentVariables": {"A": "1"}, "RuntimeEnvironmentSecrets": {"A": "/app/a"}}
    wrong = request(**{f"{IMAGE_CONFIGURATION}__{name}": value for name, value in maps.items()})
    with pytest.raises(shared.apprunner.exceptions.InvalidRequestException, match="1 names are in both"):
        shared.apprunner.create_service(**wrong)


def test_all_reasons_at_once_within_the_length_of_the_model(shared: Any) -> None:
    with pytest.raises(shared.apprunner.exceptions.InvalidRequestException) as refused:
        shared.apprunner.create_service(ServiceName="a", HealthCheckConfiguration={"Interval": 0})
    message = refused.value.response["Error"]["Message"]
    assert "ServiceName has 1" in message
    assert "SourceConfiguration is required" in message
    assert "Interval" in message
    _, answer = shared.ask("CreateService", {f"Unknown{n}": n for n in range(100)})
    assert len(answer["Message"]) == 600


def test_not_emulated(shared: Any) -> None:
    changes, told = {f"{SOURCE}__ImageRepositoryType": "ECR_PUBLIC"}, "images of ECR Public"
    with pytest.raises(ClientError, match=told) as refused:
        shared.apprunner.create_service(**request(**changes))
    assert refused.value.response["Error"]["Code"] == "NotEmulated"


def test_what_cannot_be_changed_is_unknown_to_an_update(shared: Any) -> None:
    arn = "arn:aws:apprunner:us-west-2:000000000000:service/x/" + "0" * 32
    for member in ("ServiceName", "EncryptionConfiguration", "Tags"):
        status, answer = shared.ask("UpdateService", {"ServiceArn": arn, member: "x"})
        assert (status, answer["__type"]) == (400, "InvalidRequestException")
        assert f"unknown member {member}" in answer["Message"]


def test_operations_of_the_model_that_are_not_emulated(shared: Any) -> None:
    with pytest.raises(ClientError, match="does not emulate ListVpcIngressConnections") as refused:
        shared.apprunner.list_vpc_ingress_connections()
    assert refused.value.response["Error"]["Code"] == "NotEmulated"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff"])
def test_a_body_that_is_no_request(shared: Any, body: bytes) -> None:
    status, answer = shared.post(body, X_Amz_Target="AppRunner.ListServices")
    assert (status, answer["__type"]) == (400, "InvalidRequestException")


def test_answers_fit_the_model(world: Any, port: int) -> None:
    """All but ServiceId: its pattern in the model has dashes, its maximum length and every real id have not."""
    traced = f"arn:aws:apprunner:us-west-2:000000000000:observabilityconfiguration/DefaultConfiguration/1/{1:032x}"
    key = f"arn:aws:kms:us-west-2:000000000000:key/{'0' * 8}-{'-'.join(['0' * 4] * 3)}-{'0' * 12}"
    arn, _ = world.create(
        "fits-model",
        world.push().uri,
        port,
        Tags=[{"Key": "a", "Value": "b"}],
        ObservabilityConfiguration={"ObservabilityEnabled": True, "ObservabilityConfigurationArn": traced},
        EncryptionConfiguration={"KmsKey": key},
    )
    connector = world.apprunner.create_vpc_connector(VpcConnectorName="fits-model", Subnets=["subnet-1"])
    connector_arn = connector["VpcConnector"]["VpcConnectorArn"]
    model = botocore.session.Session().get_service_model("apprunner")
    for operation, answer in (
        ("DescribeService", world.apprunner.describe_service(ServiceArn=arn)),
        ("ListServices", world.apprunner.list_services()),
        ("ListOperations", world.apprunner.list_operations(ServiceArn=arn)),
        ("ListAutoScalingConfigurations", world.apprunner.list_auto_scaling_configurations()),
        ("ListTagsForResource", world.apprunner.list_tags_for_resource(ResourceArn=arn)),
        ("ListVpcConnectors", world.apprunner.list_vpc_connectors()),
        ("DescribeVpcConnector", world.apprunner.describe_vpc_connector(VpcConnectorArn=connector_arn)),
        ("ListObservabilityConfigurations", world.apprunner.list_observability_configurations()),
        (
            "DescribeObservabilityConfiguration",
            world.apprunner.describe_observability_configuration(ObservabilityConfigurationArn=traced),
        ),
        ("DeleteVpcConnector", world.apprunner.delete_vpc_connector(VpcConnectorArn=connector_arn)),
    ):
        del answer["ResponseMetadata"]
        plain = json.loads(json.dumps(answer, default=datetime.timestamp))
        wrong = validate.reasons(model.operation_model(operation).output_shape, plain)
        assert [reason for reason in wrong if "ServiceId" not in reason] == []
