"""A service from creation to deletion, through the real API and with real processes."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.local.apprunner.state import Service, Services

Get = Callable[..., Any]


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() if Path("/proc").exists() else _signalled(pid)


def _signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_create_describe_delete(world: Any, port: int, get: Get) -> None:
    image = world.push(env=("VERSION=1", "PORT=1", "FROM_IMAGE=yes"))
    arn, status = world.create("web-one", image.uri, port, configuration={"RuntimeEnvironmentVariables": {"X": "y"}})
    assert status == "SUCCEEDED", world.log(arn, "service")
    service = world.describe(arn)
    assert re.fullmatch(r"arn:aws:apprunner:us-west-2:000000000000:service/web-one/[0-9a-f]{32}", arn)
    assert service["ServiceId"] == arn.rpartition("/")[2]
    assert service["Status"] == "RUNNING"
    assert service["ServiceUrl"] == f"127.0.0.1:{port}"
    assert service["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"] == {
        "Port": str(port),
        "RuntimeEnvironmentVariables": {"X": "y"},
    }
    assert service["InstanceConfiguration"]["Cpu"] == "1024"
    assert service["InstanceConfiguration"]["Memory"] == "2048"
    assert service["AutoScalingConfigurationSummary"]["AutoScalingConfigurationName"] == "DefaultConfiguration"
    (operation,) = world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    assert operation["Type"] == "CREATE_SERVICE"
    assert operation["TargetArn"] == arn
    assert len(operation["Id"]) == 36
    assert operation["StartedAt"] <= operation["EndedAt"]

    who = get(port)
    assert who["cwd"].endswith("/app")
    answer = world.apprunner.delete_service(ServiceArn=arn)
    assert answer["Service"]["Status"] == "OPERATION_IN_PROGRESS"
    assert world.ended(arn, answer["OperationId"]) == "SUCCEEDED"
    assert not alive(who["pid"])
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again
    gone = world.describe(arn)
    assert gone["Status"] == "DELETED"
    assert "DeletedAt" in gone
    assert world.apprunner.list_services()["ServiceSummaryList"] == []
    again, status = world.create("web-one", image.uri, port)
    assert (status, again != arn) == ("SUCCEEDED", True)


def test_the_environment_is_only_what_was_given(
    world: Any, port: int, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_WORLD", "leaks")
    image = world.push(env=("FROM_IMAGE=yes", "BOTH=image"))
    world.create("web-env", image.uri, port, configuration={"RuntimeEnvironmentVariables": {"X": "y", "BOTH": "var"}})
    env = get(port)["env"]
    assert env["PORT"] != str(port)
    platform = {"PORT", "PATH", "HOME", "TMPDIR", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_DYNAMODB"}
    role = {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
    assert set(env) - {"LC_CTYPE"} == {"FROM_IMAGE", "BOTH", "X", *platform, *role}
    assert (env["FROM_IMAGE"], env["BOTH"], env["X"], env["AWS_REGION"]) == ("yes", "var", "y", "us-west-2")


def test_an_update_moves_to_the_new_version(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-two", world.push(env=("VERSION=1",)).uri, port)
    old = get(port)["pid"]
    status = world.update(arn, SourceConfiguration=world.source(world.push(env=("VERSION=2",)).uri, port))
    assert status == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "2"
    world.until(lambda: not alive(old))
    types = [one["Type"] for one in world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]]
    assert types == ["UPDATE_SERVICE", "CREATE_SERVICE"]


def test_an_update_leaves_omitted_blocks_and_replaces_given_ones(world: Any, port: int) -> None:
    image = world.push()
    arn, _ = world.create(
        "web-blocks",
        image.uri,
        port,
        InstanceConfiguration={"Cpu": "2 vCPU", "Memory": "4 GB"},
        configuration={"RuntimeEnvironmentVariables": {"A": "1", "B": "2"}},
    )
    assert world.update(arn, HealthCheckConfiguration={"Interval": 3}) == "SUCCEEDED"
    service = world.describe(arn)
    assert service["HealthCheckConfiguration"] == {
        "Protocol": "TCP",
        "Path": "/",
        "Interval": 3,
        "Timeout": 2,
        "HealthyThreshold": 1,
        "UnhealthyThreshold": 5,
    }
    assert service["InstanceConfiguration"] == {"Cpu": "2048", "Memory": "4096"}
    source = world.source(image.uri, port, RuntimeEnvironmentVariables={"B": "3"})
    assert world.update(arn, SourceConfiguration=source) == "SUCCEEDED"
    variables = world.describe(arn)["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"]
    assert variables["RuntimeEnvironmentVariables"] == {"B": "3"}


def test_an_update_that_changes_nothing_deploys_nothing(world: Any, port: int, get: Get) -> None:
    first = world.push(env=("VERSION=1",), tag="nothing")
    image = f"{first.uri.partition('@')[0]}:nothing"
    arn, _ = world.create("web-same-again", image, port, InstanceConfiguration={"Cpu": "1 vCPU", "Memory": "2 GB"})
    before = get(port)["pid"]
    world.push(env=("VERSION=2",), tag="nothing")
    same = {
        "SourceConfiguration": world.source(image, port),
        "InstanceConfiguration": {"Cpu": "1024"},
        "HealthCheckConfiguration": world.health(),
        "ObservabilityConfiguration": {"ObservabilityEnabled": False},
    }
    answer = world.apprunner.update_service(ServiceArn=arn, **same)
    assert answer["Service"]["Status"] == "OPERATION_IN_PROGRESS"
    assert world.ended(arn, answer["OperationId"]) == "SUCCEEDED"
    assert get(port)["pid"] == before
    with pytest.raises(
        world.apprunner.exceptions.InvalidRequestException, match="No configurations provided in the UpdateService"
    ):
        world.apprunner.update_service(ServiceArn=arn)
    types = [one["Type"] for one in world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]]
    assert types == ["UPDATE_SERVICE", "CREATE_SERVICE"]
    operation = world.apprunner.start_deployment(ServiceArn=arn)["OperationId"]
    assert world.ended(arn, operation) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "2"


def test_a_failed_update_rolls_back_to_the_untouched_version(world: Any, port: int, get: Get) -> None:
    image = world.push(env=("VERSION=1",))
    arn, _ = world.create("web-back", image.uri, port)
    before, configuration = get(port)["pid"], world.describe(arn)["SourceConfiguration"]
    for variables, told in (
        ({"EXIT_AT_START": "3"}, "exit code 3"),
        ({"SICK": "1"}, "/health answered 503"),
    ):
        source = world.source(image.uri, port, RuntimeEnvironmentVariables=variables)
        answer = world.apprunner.update_service(ServiceArn=arn, SourceConfiguration=source)
        assert answer["Service"]["Status"] == "OPERATION_IN_PROGRESS"
        assert world.ended(arn, answer["OperationId"]) == "ROLLBACK_SUCCEEDED"
        service = world.describe(arn)
        assert service["Status"] == "RUNNING"
        assert service["SourceConfiguration"] == configuration
        assert get(port)["pid"] == before
        assert any(told in line for line in world.log(arn, "service", f"deployment/{answer['OperationId']}"))
        assert any(told in line for line in world.log(arn, "service", "events"))


def test_a_failed_creation_is_rebuilt_in_place(world: Any, port: int, get: Get) -> None:
    image = world.push()
    broken = {"RuntimeEnvironmentVariables": {"EXIT_AT_START": "1"}}
    arn, status = world.create("web-born", image.uri, port, configuration=broken)
    assert status == "FAILED"
    failed = world.describe(arn)
    assert (failed["Status"], failed["ServiceUrl"]) == ("CREATE_FAILED", f"127.0.0.1:{port}")
    with socket.create_server(("127.0.0.1", port)):
        pass  # nothing listens
    with pytest.raises(world.apprunner.exceptions.InvalidStateException):
        world.apprunner.pause_service(ServiceArn=arn)
    for source, ended, service in (
        (world.source(image.uri, port, **broken), "FAILED", "CREATE_FAILED"),
        (world.source(image.uri, port), "SUCCEEDED", "RUNNING"),
    ):
        assert world.update(arn, SourceConfiguration=source) == ended
        rebuilt = world.describe(arn)
        assert (rebuilt["Status"], rebuilt["ServiceUrl"]) == (service, failed["ServiceUrl"])
    assert get(port)["path"] == "/"


def test_a_failed_creation_is_rebuilt_without_a_change(world: Any, port: int, get: Get) -> None:
    image = world.push()
    with socket.create_server(("127.0.0.1", port)):
        arn, status = world.create("web-again", image.uri, port)
        assert status == "FAILED"
    assert world.update(arn) == "SUCCEEDED"
    assert get(port)["path"] == "/"


def test_what_is_described_while_an_update_goes_on_and_after_its_rollback(world: Any, port: int) -> None:
    """While it goes on the configuration is the wanted one, as in UpdateService's answer; then the old one again."""
    client, image = world.apprunner, world.push(env=("VERSION=1",))
    arn, _ = world.create("web-view", image.uri, port)
    before = world.describe(arn)
    scaling = client.create_auto_scaling_configuration(AutoScalingConfigurationName="wanted", MaxConcurrency=7)
    scaling_arn = scaling["AutoScalingConfiguration"]["AutoScalingConfigurationArn"]
    source = world.source(image.uri, port, RuntimeEnvironmentVariables={"SICK": "1"})
    with world.faults({"hold": {"seconds": 3600, "service": "web-view"}}):
        answer = client.update_service(
            ServiceArn=arn,
            SourceConfiguration=source,
            InstanceConfiguration={"Cpu": "2 vCPU", "Memory": "4 GB"},
            AutoScalingConfigurationArn=scaling_arn,
        )
        during = world.describe(arn)
    assert during["Status"] == "OPERATION_IN_PROGRESS"
    for block in ("SourceConfiguration", "InstanceConfiguration", "AutoScalingConfigurationSummary"):
        assert during[block] == answer["Service"][block] != before[block]
    assert during["AutoScalingConfigurationSummary"]["AutoScalingConfigurationArn"] == scaling_arn
    assert world.ended(arn, answer["OperationId"]) == "ROLLBACK_SUCCEEDED"
    after = world.describe(arn)
    assert after.pop("UpdatedAt") > before.pop("UpdatedAt")
    assert after == before
    client.delete_auto_scaling_configuration(AutoScalingConfigurationArn=scaling_arn)


def test_a_deleted_service_leaves_nothing_behind(world: Any, get: Get) -> None:
    """Neither a port nor a process, thread, task or open file."""

    def once() -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        image = world.push(env=("VERSION=1",))
        arn, _ = world.create("web-gone", image.uri, port)
        pid = get(port)["pid"]
        sick = world.source(image.uri, port, RuntimeEnvironmentVariables={"EXIT_AT_START": "1"})
        assert world.update(arn, SourceConfiguration=sick) == "ROLLBACK_SUCCEEDED"
        world.delete_all()
        assert not alive(pid)
        with socket.create_server(("127.0.0.1", port)):
            pass

    def left() -> tuple[int, int, int]:
        threads = sum(thread.name.startswith("instance-") for thread in threading.enumerate())
        return threads, len(asyncio.all_tasks(world.loop)), len(list(Path("/dev/fd").iterdir()))

    once()
    before = left()
    for _ in range(3):
        once()
    world.until(lambda: all(now <= then for now, then in zip(left(), before, strict=True)))


def test_services_deleted_long_ago_are_forgotten() -> None:
    services = Services()
    gone, recent = (Service(name, f"arn:{name}", name, {}, "", {}) for name in ("gone", "recent"))
    for service in (gone, recent):
        services.add(service)
        service.become("DELETED")
    gone.deleted_at = time.time() - 3601
    services.add(Service("new", "arn:new", "new", {}, "", {}))
    assert [service.name for service in services.every()] == ["recent", "new"]


def test_pause_and_resume(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("web-nap", world.push(env=("VERSION=1",)).uri, port)
    old = get(port)["pid"]
    answer = world.apprunner.pause_service(ServiceArn=arn)
    assert world.ended(arn, answer["OperationId"]) == "SUCCEEDED"
    assert world.describe(arn)["Status"] == "PAUSED"
    assert not alive(old)
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(port)
    assert refused.value.code == 503
    refused.value.close()
    assert "OperationId" not in world.apprunner.pause_service(ServiceArn=arn)
    with pytest.raises(world.apprunner.exceptions.InvalidStateException):
        world.apprunner.update_service(ServiceArn=arn, HealthCheckConfiguration={"Interval": 2})
    with pytest.raises(world.apprunner.exceptions.InvalidRequestException):
        world.apprunner.start_deployment(ServiceArn=arn)
    answer = world.apprunner.resume_service(ServiceArn=arn)
    assert world.ended(arn, answer["OperationId"]) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "1"
    assert "OperationId" not in world.apprunner.resume_service(ServiceArn=arn)


def test_one_operation_at_a_time(world: Any, port: int) -> None:
    image = world.push()
    arn, _ = world.create("web-busy", image.uri, port)
    sick = world.source(image.uri, port, RuntimeEnvironmentVariables={"SICK": "1"})
    check = world.health(UnhealthyThreshold=2)
    operation = world.apprunner.update_service(
        ServiceArn=arn, SourceConfiguration=sick, HealthCheckConfiguration=check
    )["OperationId"]
    for call in ("update_service", "pause_service", "resume_service", "delete_service"):
        with pytest.raises(world.apprunner.exceptions.InvalidStateException):
            getattr(world.apprunner, call)(ServiceArn=arn)
    with pytest.raises(world.apprunner.exceptions.InvalidRequestException):
        world.apprunner.start_deployment(ServiceArn=arn)
    assert world.ended(arn, operation) == "ROLLBACK_SUCCEEDED"


def test_a_new_port_moves_the_listener(world: Any, port: int, get: Get) -> None:
    image = world.push()
    arn, _ = world.create("web-move", image.uri, port)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = taken.getsockname()[1]
        assert world.update(arn, SourceConfiguration=world.source(image.uri, other)) == "ROLLBACK_SUCCEEDED"
        assert any(f"Port {other} of 127.0.0.1 cannot be opened" in line for line in world.log(arn, "service"))
    assert world.describe(arn)["ServiceUrl"] == f"127.0.0.1:{port}"
    assert world.update(arn, SourceConfiguration=world.source(image.uri, other)) == "SUCCEEDED"
    assert world.describe(arn)["ServiceUrl"] == f"127.0.0.1:{other}"
    assert get(other)["path"] == "/"

    def closed() -> bool:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    world.until(closed)


def test_every_instance_of_the_minimum_runs(world: Any, port: int, get: Get) -> None:
    scaling = world.apprunner.create_auto_scaling_configuration(
        AutoScalingConfigurationName="three", MinSize=3, MaxSize=3
    )["AutoScalingConfiguration"]["AutoScalingConfigurationArn"]
    _, status = world.create("web-many", world.push().uri, port, AutoScalingConfigurationArn=scaling)
    assert status == "SUCCEEDED"
    assert len({get(port)["pid"] for _ in range(9)}) == 3


def test_roles_must_be_assumable(world: Any, port: int) -> None:
    image = world.push()
    client = world.apprunner
    for kind, more in (
        ("access", {"SourceConfiguration": world.source(image.uri, port)}),
        ("instance", {}),
    ):
        missing = "arn:aws:iam::000000000000:role/Nobody"
        request = {"ServiceName": "web-role", "SourceConfiguration": world.source(image.uri, port), **more}
        if kind == "access":
            request["SourceConfiguration"]["AuthenticationConfiguration"]["AccessRoleArn"] = missing
        else:
            request["InstanceConfiguration"] = {"InstanceRoleArn": missing}
        with pytest.raises(client.exceptions.InvalidRequestException, match=f"Error in assuming {kind} role"):
            client.create_service(**request)
    request["InstanceConfiguration"] = {"InstanceRoleArn": "arn:aws:iam::000000000000:role/Access"}
    with pytest.raises(ClientError, match=r"trust tasks\.apprunner"):
        client.create_service(**request)
    assert client.list_services()["ServiceSummaryList"] == []


def test_names_are_unique_among_the_living(world: Any, port: int) -> None:
    image = world.push()
    world.create("web-same", image.uri, port)
    with pytest.raises(world.apprunner.exceptions.InvalidRequestException, match="already exists: web-same"):
        world.create("web-same", image.uri, port)


def test_an_unknown_service_is_not_found(world: Any) -> None:
    arn = "arn:aws:apprunner:us-west-2:000000000000:service/nobody/" + "0" * 32
    for call in ("describe_service", "list_operations", "update_service", "delete_service", "start_deployment"):
        with pytest.raises(world.apprunner.exceptions.ResourceNotFoundException):
            getattr(world.apprunner, call)(ServiceArn=arn)


def test_output_goes_to_the_application_log(world: Any, port: int) -> None:
    arn, _ = world.create("web-logs", world.push(env=("VERSION=7",)).uri, port)
    world.until(lambda: "instance of 7 starts" in world.log(arn, "application", "instance/"))
    name, service_id = arn.split("/")[-2:]
    streams = world.client("logs").describe_log_streams(logGroupName=f"/aws/apprunner/{name}/{service_id}/application")
    assert re.fullmatch(r"instance/[0-9a-f]{32}", streams["logStreams"][0]["logStreamName"])
    assert any("SUCCEEDED" in line for line in world.log(arn, "service", "events"))
