"""Instances as App Runner has them: a disk of their own, as many as the load needs, and no CPU when idle."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deployer.local.endpoint import AwsEndpoint
from deployer.world_keys import Keys

Get = Callable[..., Any]

# `/keep` notes a word in a file with a relative path, and answers with all that were noted there. `/wait` answers when
# the file in GATE exists. Meanwhile a thread counts.
PROGRAM = r"""
import json, os, pathlib, signal, socket, sys, tempfile, threading, time

if os.path.exists(os.environ.get("BROKEN", "")):
    sys.exit(7)

ticks = 0
def count():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.005)

def last_words(*_):
    if os.environ.get("STUBBORN"):
        return
    pathlib.Path(os.environ["LAST_WORDS"]).write_text("SIGTERM") if "LAST_WORDS" in os.environ else None
    os._exit(0)

def answer(path):
    if path.startswith("/keep"):
        with open("notes", "a+") as notes, tempfile.TemporaryFile("w+") as copy:
            notes.write(path.partition("=")[2])
            notes.seek(0)
            copy.write(notes.read())
            copy.seek(0)
            said = copy.read()
    else:
        said = ""
        while path == "/wait" and not os.path.exists(os.environ["GATE"]):
            time.sleep(0.01)
    who = {"pid": os.getpid(), "cwd": os.getcwd(), "notes": said, "ticks": ticks, "env": dict(os.environ)}
    return json.dumps(who).encode()

def serve(connection):
    try:
        with connection, connection.makefile("rwb") as stream:
            path = stream.readline().decode().split()[1]
            while stream.readline().strip():
                pass
            body = answer(path)
            stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    except (OSError, IndexError):
        pass

signal.signal(signal.SIGTERM, last_words)
threading.Thread(target=count, daemon=True).start()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=256)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file for which requests to `/wait` wait."""
    return tmp_path / "gate"


@pytest.fixture
def start(world: Any, port: int, gate: Path) -> Iterator[Callable[..., str]]:
    """Create a service with so many instances for so many requests each; returns its ARN."""

    made: list[str] = []

    def create(name: str, low: int = 1, high: int = 1, concurrency: int = 100, **variables: str) -> str:
        scaling = world.apprunner.create_auto_scaling_configuration(
            AutoScalingConfigurationName=name, MinSize=low, MaxSize=high, MaxConcurrency=concurrency
        )["AutoScalingConfiguration"]["AutoScalingConfigurationArn"]
        made.append(scaling)
        configuration = {"RuntimeEnvironmentVariables": {"GATE": str(gate), **variables}}
        image = world.push(PROGRAM).uri
        arn, status = world.create(name, image, port, configuration=configuration, AutoScalingConfigurationArn=scaling)
        assert status == "SUCCEEDED", world.log(arn, "service")
        return str(arn)

    yield create
    world.delete_all()
    for arn in made:
        world.apprunner.delete_auto_scaling_configuration(AutoScalingConfigurationArn=arn)


@contextmanager
def requests(get: Get, port: int, number: int, gate: Path) -> Iterator[list[int]]:
    """So many requests in flight meanwhile; the pids that have answered them, afterwards."""
    answered: list[int] = []
    threads = [threading.Thread(target=lambda: answered.append(get(port, "/wait")["pid"])) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        gate.touch()
        for thread in threads:
            thread.join()


def state(pid: int) -> str:
    """The state of a process: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def disk(answer: dict[str, Any]) -> Path:
    """The disk of the instance that has given the answer."""
    return Path(answer["env"]["HOME"]).parent


def events(world: Any, arn: str) -> list[str]:
    found: list[str] = world.log(arn, "service", "events")
    return found


def test_every_instance_has_a_disk_of_its_own(port: int, get: Get, start: Callable[..., str]) -> None:
    start("disk-two", low=2, high=2)
    answers = [get(port, f"/keep={word}") for word in "abcd"]
    assert sorted(answer["notes"] for answer in answers) == ["a", "ac", "b", "bd"]
    first, second = disk(answers[0]), disk(answers[1])
    assert first != second
    for answer in answers:
        assert Path(answer["cwd"]).is_relative_to(disk(answer))
        assert Path(answer["env"]["TMPDIR"]).is_relative_to(disk(answer))


def test_the_image_is_not_written_to(world: Any, port: int, get: Get, start: Callable[..., str]) -> None:
    """Neither is the disk of one deployment that of the next."""
    arn = start("disk-new")
    before = get(port, "/keep=a")
    assert world.ended(arn, world.apprunner.start_deployment(ServiceArn=arn)["OperationId"]) == "SUCCEEDED"
    assert get(port, "/keep=b")["notes"] == "b"
    world.until(lambda: not disk(before).exists())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_disk_ends_with_its_instance(
    world: Any, port: int, get: Get, start: Callable[..., str], how: signal.Signals
) -> None:
    start(f"disk-{how.name.lower()}")
    before = get(port, "/keep=a")
    os.kill(before["pid"], how)
    world.until(lambda: [one["pid"] for one in world.instances()] not in ([], [before["pid"]]))
    assert get(port, "/keep=b")["notes"] == "b"
    assert not disk(before).exists()


def test_a_stop_sends_sigterm_first(world: Any, port: int, get: Get, start: Callable[..., str], tmp_path: Path) -> None:
    start("stop-term", LAST_WORDS=str(tmp_path / "words"))
    before = get(port)
    world.delete_all()
    assert (tmp_path / "words").read_text() == "SIGTERM"
    assert not disk(before).exists()


def test_an_instance_that_does_not_stop_is_killed(world: Any, port: int, get: Get, start: Callable[..., str]) -> None:
    start("stop-kill", STUBBORN="1")
    before = get(port)
    world.delete_all()
    assert not Path(f"/proc/{before['pid']}").exists()
    assert not disk(before).exists()


def test_a_world_deletes_the_disks_that_a_killed_world_has_left(shared: Any, port: int, tmp_path: Path) -> None:
    left, of_another = tmp_path / "instances" / str(port) / "left", tmp_path / "instances" / "1" / "runs"
    for path in (left, of_another):
        path.mkdir(parents=True)
    endpoint = AwsEndpoint(
        port=port,
        account="000000000000",
        region="us-west-2",
        images=tmp_path / "images",
        work=tmp_path,
        loop=shared.loop,
        control=lambda *_: [],
        keys=Keys.make(),
    )
    endpoint.start()
    try:
        assert not left.exists()
        assert of_another.exists()
    finally:
        endpoint.stop()


def test_instances_follow_the_load(world: Any, port: int, get: Get, start: Callable[..., str], gate: Path) -> None:
    arn = start("scale-load", low=1, high=3, concurrency=2)
    (oldest,) = world.instances()
    with requests(get, port, 5, gate):
        world.until(lambda: len(world.instances()) == 3)
        assert "[AppRunner] Scaled out to 3 instances." in world.until(
            lambda: (lines := events(world, arn)) and "[AppRunner] Scaled out to 3 instances." in lines and lines
        )
    world.until(lambda: [one["pid"] for one in world.instances()] == [oldest["pid"]])
    world.until(lambda: any("Scaling in to 1 instances." in line for line in events(world, arn)))
    assert get(port)["pid"] == oldest["pid"]


def test_there_are_never_more_than_the_most(
    world: Any, port: int, get: Get, start: Callable[..., str], gate: Path
) -> None:
    arn = start("scale-most", low=1, high=2, concurrency=1)
    with requests(get, port, 6, gate) as answered:
        world.until(lambda: len(world.instances()) == 2)
        world.until(lambda: sum(one["requests"] for one in world.instances()) == 6)
    assert len(answered) == 6
    out = [line for line in events(world, arn) if "Scaling out" in line]
    assert [line.rpartition(" from ")[2] for line in out] == ["1 to 2 instances."]


def test_an_instance_that_cannot_be_started_is_tried_again(
    world: Any, port: int, get: Get, start: Callable[..., str], gate: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    arn = start("scale-again", low=1, high=2, concurrency=1, BROKEN=str(broken))
    broken.touch()
    with requests(get, port, 2, gate):
        world.until(lambda: sum("exit code 7" in line for line in events(world, arn)) >= 2)
        assert len(world.instances()) == 1
        broken.unlink()
        world.until(lambda: len(world.instances()) == 2)
    world.until(lambda: len(world.instances()) == 1)


def test_a_service_is_deleted_while_it_scales_out(
    world: Any, port: int, get: Get, start: Callable[..., str], gate: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    arn = start("scale-gone", low=1, high=3, concurrency=1, BROKEN=str(broken))
    home = disk(get(port)).parent
    broken.touch()
    with requests(get, port, 3, gate):
        world.until(lambda: any("exit code 7" in line for line in events(world, arn)))
        gate.touch()
        world.delete_all()
    assert list(home.iterdir()) == []


def test_instances_whose_requests_are_not_seen_keep_their_cpu(
    world: Any, port: int, get: Get, start: Callable[..., str]
) -> None:
    own = PROGRAM.replace('os.environ["PORT"]', "sys.argv[1]")
    with world.faults({"idle_cpu": {"state": "frozen"}}):
        _, status = world.create(
            "cpu-own", world.push(own).uri, port, configuration={"StartCommand": f"python -u main.py {port}"}
        )
        assert status == "SUCCEEDED"
        first = get(port)
        assert get(port)["ticks"] >= first["ticks"]
        assert not world.instances()[0]["frozen"]


def test_requests_are_spread(world: Any, port: int, get: Get, start: Callable[..., str], gate: Path) -> None:
    start("scale-even", low=3, high=3)
    with requests(get, port, 6, gate) as answered:
        world.until(lambda: [one["requests"] for one in world.instances()] == [2, 2, 2])
    assert sorted(answered.count(pid) for pid in set(answered)) == [2, 2, 2]


def test_an_idle_instance_has_no_cpu(world: Any, port: int, get: Get, start: Callable[..., str], gate: Path) -> None:
    with world.faults({"idle_cpu": {"state": "frozen"}}):
        start("cpu-idle")
        pid = get(port)["pid"]
        world.until(lambda: world.instances()[0]["frozen"] and state(pid) == "T")
        assert get(port)["pid"] == pid  # a request finds it awake
        with requests(get, port, 1, gate):
            world.until(lambda: world.instances()[0]["requests"] == 1)
            assert not world.instances()[0]["frozen"]
            ticks = get(port)["ticks"]
            world.until(lambda: get(port)["ticks"] > ticks)
        world.until(lambda: state(pid) == "T")
    with world.faults({"idle_cpu": {"state": "running"}}):
        world.until(lambda: not world.instances()[0]["frozen"])
        assert "T" not in {state(pid) for _ in range(1000)}


def test_health_checks_reach_an_idle_instance(world: Any, port: int, get: Get, start: Callable[..., str]) -> None:
    """One that fails three checks at an interval of a second would be replaced."""
    with world.faults({"idle_cpu": {"state": "frozen"}}):
        start("cpu-check")
        first = get(port)
        world.until(lambda: get(port)["ticks"] > first["ticks"])
        seen: set[str] = set()

        def has_slept_and_woken() -> bool:
            seen.add(state(first["pid"]))
            return {"T"} < seen

        world.until(has_slept_and_woken)
        assert get(port)["pid"] == first["pid"]


def test_an_idle_instance_is_told_to_stop(
    world: Any, port: int, get: Get, start: Callable[..., str], tmp_path: Path
) -> None:
    with world.faults({"idle_cpu": {"state": "frozen"}}):
        start("cpu-stop", LAST_WORDS=str(tmp_path / "words"))
        pid = get(port)["pid"]
        world.until(lambda: state(pid) == "T")
        world.delete_all()
    assert (tmp_path / "words").read_text() == "SIGTERM"


def test_an_instance_is_killed_and_replaced(world: Any, port: int, get: Get, start: Callable[..., str]) -> None:
    arn = start("kill-two", low=2, high=2)
    first, second = world.instances()
    before = next(answer for answer in (get(port, "/keep=a"), get(port, "/keep=a")) if answer["pid"] == first["pid"])
    status, answer = world.control("POST", "instances/kill", {})
    assert (status, answer["killed"]["name"]) == (200, first["name"])
    assert answer["killed"]["service"] == "kill-two"
    assert not disk(before).exists()
    world.until(lambda: len(world.instances()) == 2 and first["name"] not in str(world.instances()))
    assert second["name"] in str(world.instances())
    world.until(lambda: any("killed by SIGKILL" in line for line in events(world, arn)))
    status, answer = world.control("POST", "instances/kill", {"instance": second["name"][:12]})
    assert (status, answer["killed"]["name"]) == (200, second["name"])


def test_a_frozen_instance_is_killed(world: Any, port: int, get: Get, start: Callable[..., str]) -> None:
    with world.faults({"idle_cpu": {"state": "frozen"}}):
        start("kill-cold")
        pid = get(port)["pid"]
        world.until(lambda: state(pid) == "T")
        assert world.control("POST", "instances/kill", {})[0] == 200
        assert not Path(f"/proc/{pid}").exists()


def test_an_instance_that_does_not_exist_is_not_killed(world: Any, start: Callable[..., str]) -> None:
    assert world.control("POST", "instances/kill", {})[0] == 404
    start("kill-none", low=2, high=2)
    assert world.control("POST", "instances/kill", {"instance": "none"})[0] == 404
    assert world.control("POST", "instances/other", {})[0] == 404
    for document in ({"instance": 1}, ["none"], "none"):
        assert world.control("POST", "instances/kill", document)[0] == 400
    assert len(world.instances()) == 2
