"""RuntimeEnvironmentSecrets: read at deployment, with the instance role, never shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

ARN = "arn:aws:ssm:us-west-2:000000000000:parameter"
VALUE = "correct-horse-battery"


@pytest.fixture
def parameters(world: Any) -> Iterator[Any]:
    ssm = world.client("ssm")
    ssm.put_parameter(Name="/app/key", Value=VALUE, Type="SecureString")
    ssm.put_parameter(Name="/app/plain", Value="plain", Type="String")
    yield ssm
    pages = ssm.get_paginator("describe_parameters").paginate()
    for name in [parameter["Name"] for page in pages for parameter in page["Parameters"]]:
        ssm.delete_parameter(Name=name)


def secrets(**references: str) -> dict[str, Any]:
    return {"RuntimeEnvironmentSecrets": references}


def test_values_are_read_at_deployment_only(world: Any, port: int, get: Callable[..., Any], parameters: Any) -> None:
    image = world.push()
    arn, status = world.create(
        "sec-read", image.uri, port, configuration=secrets(KEY=f"{ARN}/app/key", PLAIN="/app/plain")
    )
    assert status == "SUCCEEDED", world.log(arn, "service")
    assert (get(port)["env"]["KEY"], get(port)["env"]["PLAIN"]) == (VALUE, "plain")
    parameters.put_parameter(Name="/app/key", Value="second", Overwrite=True)
    world.client("ssm").delete_parameter(Name="/app/plain")
    old = get(port)["pid"]
    with pytest.raises(Exception):  # noqa: B017, PT011 -- whatever a dying connection looks like
        get(port, "/die")
    world.until(lambda: _answers(get, port) not in (None, old))
    assert get(port)["env"]["KEY"] == VALUE  # a replaced instance has the values of the deployment
    assert get(port)["env"]["PLAIN"] == "plain"

    operation = world.apprunner.start_deployment(ServiceArn=arn)["OperationId"]
    assert world.ended(arn, operation) == "ROLLBACK_SUCCEEDED"
    assert any("do not exist in us-west-2: /app/plain" in line for line in world.log(arn, "service"))
    parameters.put_parameter(Name="/app/plain", Value="plain", Type="String")
    operation = world.apprunner.start_deployment(ServiceArn=arn)["OperationId"]
    assert world.ended(arn, operation) == "SUCCEEDED"
    assert get(port)["env"]["KEY"] == "second"
    described = world.describe(arn)["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"]
    assert described["RuntimeEnvironmentSecrets"]["KEY"] == f"{ARN}/app/key"
    assert VALUE not in json.dumps(world.log(arn, "service") + world.log(arn, "application"))


def _answers(get: Callable[..., Any], port: int) -> int | None:
    try:
        pid: int = get(port)["pid"]
    except OSError:
        return None
    return pid


@pytest.mark.parametrize(
    ("references", "told"),
    [
        ({"KEY": "/app/absent"}, "do not exist in us-west-2: /app/absent"),
        ({"KEY": f"{ARN}/app/key", "B": f"{ARN}/app/absent"}, "do not exist in us-west-2: /app/absent"),
        ({"KEY": f"{ARN}/other/key"}, "is not allowed ssm:GetParameters on /other/key"),
        ({"KEY": "/other/key"}, "is not allowed ssm:GetParameters on /other/key"),
        ({"KEY": f"{ARN}/app/key".replace("0000", "1111")}, "belongs to another account or region"),
        ({"KEY": f"{ARN}/app/key".replace("west-2", "east-1")}, "belongs to another account or region"),
        ({"KEY": "arn:aws:secretsmanager:us-west-2:000000000000:secret:x"}, "Secrets Manager is not emulated"),
        ({"KEY": "arn:aws:sqs:us-west-2:000000000000:x"}, "is not the ARN of an SSM parameter"),
    ],
)
def test_what_cannot_be_read_fails_the_operation(
    world: Any, port: int, parameters: Any, references: dict[str, str], told: str
) -> None:
    parameters.put_parameter(Name="/other/key", Value=VALUE, Type="SecureString")
    arn, status = world.create("sec-fail", world.push().uri, port, configuration=secrets(**references))
    assert status == "FAILED"
    lines = world.log(arn, "service")
    assert any(told in line for line in lines), lines
    assert VALUE not in json.dumps(lines)


def test_a_parameter_without_a_path(world: Any, port: int, get: Callable[..., Any], parameters: Any) -> None:
    iam = world.client("iam")
    iam.put_role_policy(RoleName="Instance", PolicyName="more", PolicyDocument=world.allow("ssm:Get*", f"{ARN}/*"))
    try:
        parameters.put_parameter(Name="bare", Value="one", Type="String")
        parameters.put_parameter(Name="/rooted", Value="two", Type="String")
        references = {"A": f"{ARN}/bare", "B": f"{ARN}/rooted", "C": "bare"}
        arn, status = world.create("sec-bare", world.push().uri, port, configuration=secrets(**references))
        assert status == "SUCCEEDED", world.log(arn, "service")
        env = get(port)["env"]
        assert (env["A"], env["B"], env["C"]) == ("one", "two", "one")
    finally:
        iam.delete_role_policy(RoleName="Instance", PolicyName="more")


def test_more_parameters_than_one_call_takes(world: Any, port: int, get: Callable[..., Any], parameters: Any) -> None:
    for number in range(23):
        parameters.put_parameter(Name=f"/app/n{number}", Value=f"value {number}", Type="SecureString")
    references = {f"N{number}": f"{ARN}/app/n{number}" for number in range(23)}
    arn, status = world.create("sec-many", world.push().uri, port, configuration=secrets(**references))
    assert status == "SUCCEEDED", world.log(arn, "service")
    env = get(port)["env"]
    assert [env[f"N{number}"] for number in range(23)] == [f"value {number}" for number in range(23)]
    parameters.delete_parameters(Names=[f"/app/n{number}" for number in range(10)])
    parameters.delete_parameters(Names=[f"/app/n{number}" for number in range(10, 20)])


def test_secrets_without_an_instance_role(world: Any, port: int, parameters: Any) -> None:
    arn, status = world.create(
        "sec-role", world.push().uri, port, configuration=secrets(KEY="/app/key"), InstanceConfiguration={}
    )
    assert status == "FAILED"
    assert any("need an instance role" in line for line in world.log(arn, "service"))


def test_a_denial_after_the_creation_rolls_back(
    world: Any, port: int, get: Callable[..., Any], parameters: Any
) -> None:
    image = world.push()
    arn, _ = world.create("sec-deny", image.uri, port, configuration=secrets(KEY="/app/key"))
    before = get(port)["pid"]
    iam = world.client("iam")
    deny = world.allow("ssm:*", "*").replace("Allow", "Deny")
    iam.put_role_policy(RoleName="Instance", PolicyName="deny", PolicyDocument=deny)
    try:
        operation = world.apprunner.start_deployment(ServiceArn=arn)["OperationId"]
        assert world.ended(arn, operation) == "ROLLBACK_SUCCEEDED"
        assert get(port)["pid"] == before
    finally:
        iam.delete_role_policy(RoleName="Instance", PolicyName="deny")
