"""A start command with a port of its own, which is the service's: the port is handed over to its instance."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from deployer.local.apprunner.deploy import names_port

Get = Callable[..., Any]


@pytest.fixture
def program(world: Any) -> Callable[..., str]:
    """The URI of an image whose program listens where its command says."""

    def push(**env: str) -> str:
        source = world.program.replace('os.environ["PORT"]', 'sys.argv[1].rpartition(":")[2]')
        return str(world.push(source, env=tuple(f"{name}={value}" for name, value in env.items())).uri)

    return push


def at(port: int) -> dict[str, Any]:
    return {"StartCommand": f"python -u main.py 127.0.0.1:{port}"}


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (("python", "-m", "http.server", "8080"), True),
        (("gunicorn", "--bind=0.0.0.0:8080", "app"), True),
        (("sh", "-c", "serve -p 8080"), True),
        (("python", "-m", "app"), False),
        (("python", "-m", "app", "--limit", "18080"), False),
        (("python", "-m", "app", "--limit", "80801"), False),
        ((), False),
    ],
)
def test_commands(command: tuple[str, ...], *, names: bool) -> None:
    assert names_port(command, "8080") is names


def test_the_standard_librarys_server(world: Any, port: int, get: Get) -> None:
    image = world.push(layers=[(world.layer, world.tar({"app/index.html": b'{"from": "a file"}'}))])
    arn, status = world.create(
        "own-http",
        image.uri,
        port,
        configuration={"StartCommand": f"python -m http.server {port} --bind 127.0.0.1"},
        HealthCheckConfiguration=world.health(Path="/"),
    )
    assert status == "SUCCEEDED", world.log(arn, "service")
    assert get(port) == {"from": "a file"}


def test_it_is_replaced_paused_resumed_restarted_and_deleted(
    world: Any, port: int, get: Get, program: Callable[..., str]
) -> None:
    arn, status = world.create("own-port", program(VERSION="1"), port, configuration=at(port))
    assert status == "SUCCEEDED", world.log(arn, "service")
    first = get(port)
    assert (first["env"]["VERSION"], first["env"]["PORT"]) == ("1", str(port))
    assert world.describe(arn)["ServiceUrl"] == f"127.0.0.1:{port}"
    source = world.source(program(VERSION="2"), port, **at(port))
    assert world.update(arn, SourceConfiguration=source) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "2"
    for turn in ("pause_service", "resume_service", "start_deployment"):
        operation = getattr(world.apprunner, turn)(ServiceArn=arn)["OperationId"]
        assert world.ended(arn, operation) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "2"
    world.delete_all()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_failed_update_starts_the_version_before_again(
    world: Any, port: int, get: Get, program: Callable[..., str]
) -> None:
    arn, _ = world.create("own-back", program(VERSION="1"), port, configuration=at(port))
    before = world.describe(arn)["SourceConfiguration"]
    for env in ({"EXIT_AT_START": "3"}, {"SICK": "1"}):
        source = world.source(program(**env), port, **at(port))
        assert world.update(arn, SourceConfiguration=source) == "ROLLBACK_SUCCEEDED"
        assert get(port)["env"]["VERSION"] == "1"
        assert world.describe(arn)["SourceConfiguration"] == before


def test_from_a_port_that_is_told_to_one_of_its_own_and_back(
    world: Any, port: int, get: Get, program: Callable[..., str]
) -> None:
    told = world.push(env=("VERSION=told",)).uri
    arn, _ = world.create("own-change", told, port)
    pid = get(port)["pid"]
    sick = world.source(program(SICK="1"), port, **at(port))
    assert world.update(arn, SourceConfiguration=sick) == "ROLLBACK_SUCCEEDED"
    assert get(port)["pid"] == pid  # it was never stopped
    own = world.source(program(VERSION="own"), port, **at(port))
    assert world.update(arn, SourceConfiguration=own) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "own"
    failing = world.source(told, port, RuntimeEnvironmentVariables={"SICK": "1"})
    assert world.update(arn, SourceConfiguration=failing) == "ROLLBACK_SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "own"
    assert world.update(arn, SourceConfiguration=world.source(told, port)) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "told"
    assert get(port)["env"]["PORT"] != str(port)


def test_a_port_that_is_taken(world: Any, port: int, get: Get, program: Callable[..., str]) -> None:
    arn, _ = world.create("own-taken", program(VERSION="1"), port, configuration=at(port))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = taken.getsockname()[1]
        source = world.source(program(VERSION="2"), other, **at(other))
        assert world.update(arn, SourceConfiguration=source) == "ROLLBACK_SUCCEEDED"
    assert any(f"Port {other} of 127.0.0.1 cannot be given" in line for line in world.log(arn, "service"))
    assert get(port)["env"]["VERSION"] == "1"
    assert world.update(arn, SourceConfiguration=source) == "SUCCEEDED"
    assert get(other)["env"]["VERSION"] == "2"


def test_only_one_instance_is_started(world: Any, port: int, get: Get, program: Callable[..., str]) -> None:
    scaling = world.apprunner.create_auto_scaling_configuration(
        AutoScalingConfigurationName="own-three", MinSize=3, MaxSize=3
    )["AutoScalingConfiguration"]["AutoScalingConfigurationArn"]
    arn, status = world.create(
        "own-many", program(VERSION="1"), port, configuration=at(port), AutoScalingConfigurationArn=scaling
    )
    assert status == "SUCCEEDED"
    assert len({get(port)["pid"] for _ in range(5)}) == 1
    assert any("which only one instance can have here" in line for line in world.log(arn, "service"))


def test_an_instance_that_dies_is_replaced(world: Any, port: int, get: Get, program: Callable[..., str]) -> None:
    world.create("own-dies", program(VERSION="1"), port, configuration=at(port))
    pid = get(port)["pid"]
    with pytest.raises(OSError):  # noqa: PT011 -- the connection ends, in one way or another
        get(port, "/die")

    def replaced() -> bool:
        try:
            return bool(get(port)["pid"] != pid)
        except OSError:
            return False

    world.until(replaced)


def test_a_port_that_nobody_names_is_explained(world: Any, port: int) -> None:
    """The program ignores PORT, and its command does not name its port."""
    source = world.program.replace('int(os.environ["PORT"])', "0")
    arn, status = world.create("own-hidden", world.push(source).uri, port)
    assert status == "FAILED"
    assert any("name it in the StartCommand" in line for line in world.log(arn, "service"))
