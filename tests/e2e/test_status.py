"""`status` and `logs`: what an operator sees of an environment, changing nothing."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout

pytestmark = pytest.mark.timeout(240)
TALKATIVE = tiny.SOURCE.replace(
    "http.server.Threading",
    'print("it starts, and holds " + os.environ["META_APP_SECRET"], flush=True)\nhttp.server.Threading',
).replace("INBOX = {", 'INBOX = {\n    "/ready": {"ready": True, "reasons": [], "cpu": "held"},')


@pytest.fixture(scope="module")
def released(cold_checkout: Checkout) -> Checkout:
    tiny.commit(cold_checkout, TALKATIVE)
    assert cold_checkout.deployer("status", "local").returncode == 1  # the local world does not run, and is not started
    cold_checkout.start_world()
    before = status(cold_checkout)
    assert (before["service"], before["release"], before["state"]) == (None, None, "unhealthy")
    assert "none runs" in cold_checkout.deployer("status", "local").stdout
    assert "there is no service" in cold_checkout.deployer("logs", "local").stderr
    assert cold_checkout.deployer("reconcile", "local").returncode == 0
    return cold_checkout


def status(checkout: Checkout) -> dict[str, Any]:
    done = checkout.deployer("status", "local", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    schema = json.loads(checkout.deployer("schema", "status").stdout)
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


def test_what_runs_is_told_with_its_release(released: Checkout) -> None:
    found = status(released)
    assert (found["service"], found["url"], found["healthy"]) == ("RUNNING", released.service, True)
    assert found["number"] == 1
    assert found["answers"] == f"yes: reports release {found['release']}"
    assert (found["staged"], found["drift"], found["edits"], found["blocked"]) == ([], [], 0, [])
    assert (found["operation"], found["lock"]) == (None, None)
    said = released.deployer("status", "local").stdout
    for line in ("RUNNING at http://", "yes: reports release", "1 (", "none under way", "free"):
        assert line in said


def test_whether_work_gets_processor_time_is_verified(released: Checkout) -> None:
    done = released.deployer("verify", "local", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    schema = json.loads(released.deployer("schema", "verify").stdout)
    jsonschema.Draft202012Validator(schema).validate(found)
    assert found["cpu"]["state"] == "held"
    assert f"cpu: held ({found['cpu']['means']})" in released.deployer("verify", "local").stdout


def test_what_waits_is_told_apart(released: Checkout) -> None:
    released.deployer("secret", "set", "local", "meta-app-secret", stdin="a-new-secret-of-the-app")
    client = aws.ssm(released)
    client.put_parameter(Name=f"{aws.PATH}/meta-api-version", Value="v25.0", Overwrite=True)
    released.edit("logging-level: {kind: literal, value: DEBUG}", "logging-level: {kind: literal, value: INFO}")
    found = status(released)
    assert [item["address"] for item in found["staged"]] == ["META_APP_SECRET"]
    assert [item["address"] for item in found["drift"]] == ["META_API_VERSION"]
    assert found["edits"] >= 1
    assert found["number"] == 1
    assert found["healthy"]


def test_what_runs_is_judged_by_its_own_health_check(released: Checkout) -> None:
    """Not by that of a manifest which nobody has deployed."""
    released.edit("path: /, interval", "path: /nowhere, interval")
    found = status(released)
    released.edit("path: /nowhere, interval", "path: /, interval")
    assert (found["healthy"], found["edits"] >= 1) == (True, True)


def test_what_does_not_answer_is_not_well(released: Checkout) -> None:
    runner = aws.apprunner(released)
    [service] = runner.list_services()["ServiceSummaryList"]
    runner.pause_service(ServiceArn=service["ServiceArn"])
    until(released, "PAUSED")
    found = status(released)
    assert (found["service"], found["state"], found["healthy"]) == ("PAUSED", "paused", False)
    assert found["answers"] == "no: the service is paused; fix: just resume local --old-release-first"
    assert found["declared_paused"] is False
    assert "problem    the service is paused; fix: " in released.deployer("status", "local").stdout
    assert released.deployer("status", "local", "--exit-code").returncode == 12
    runner.resume_service(ServiceArn=service["ServiceArn"])
    until(released, "RUNNING")


def test_an_operation_under_way_is_waited_for(released: Checkout) -> None:
    assert released.deployer("reconcile", "local").returncode == 0
    assert "no operation is under way" in released.deployer("status", "local", "--follow").stderr
    runner = aws.apprunner(released)
    [service] = runner.list_services()["ServiceSummaryList"]
    faults = f"{released.endpoint}/_local/faults"
    hold = {"hold": {"seconds": 200, "operation": "START_DEPLOYMENT"}}
    loopback.put(faults, json=hold, headers=released.keys.bearer).raise_for_status()
    runner.start_deployment(ServiceArn=service["ServiceArn"])
    found = status(released)
    assert (found["service"], found["number"]) == ("OPERATION_IN_PROGRESS", 2)
    assert (found["state"], found["healthy"]) == ("deploying", True)  # the same release answers meanwhile
    assert found["operation"].startswith("START_DEPLOYMENT")
    following = begin(released, "status", "local", "--follow")
    assert following.stderr is not None
    assert any("START_DEPLOYMENT" in line for line in iter(following.stderr.readline, ""))
    loopback.delete(faults, headers=released.keys.bearer).raise_for_status()
    said, told = following.communicate(timeout=60)
    assert following.returncode == 0, told
    assert "OPERATION" not in said
    assert status(released)["service"] == "RUNNING"


def test_logs_are_shown_without_a_secret(released: Checkout) -> None:
    secret = aws.secret_values(released)["meta-app-secret"]
    said = released.deployer("logs", "local").stdout
    assert "it starts, and holds <secret>" in said
    assert secret not in said
    lines = [json.loads(line) for line in released.deployer("logs", "local", "--json").stdout.splitlines()]
    schema = json.loads(released.deployer("schema", "log-line").stdout)
    for line in lines:
        jsonschema.Draft202012Validator(schema).validate(line)
        assert abs(datetime.fromisoformat(line["at"]) - datetime.now(UTC)).total_seconds() < 900
    assert lines == sorted(lines, key=lambda line: line["at"])


def test_logs_of_the_platform_and_of_one_operation(released: Checkout) -> None:
    runner = aws.apprunner(released)
    [service] = runner.list_services()["ServiceSummaryList"]
    operation = runner.list_operations(ServiceArn=service["ServiceArn"])["OperationSummaryList"][-1]
    everything = released.deployer("logs", "local", "--service").stdout
    assert "CREATE_SERVICE" in everything
    assert "START_DEPLOYMENT" in everything
    one = released.deployer("logs", "local", "--operation", operation["Id"]).stdout
    assert one != ""
    assert set(one.splitlines()) <= set(everything.splitlines())
    assert "START_DEPLOYMENT" not in one


def test_logs_of_a_moment_ago_are_none(released: Checkout) -> None:
    time.sleep(1.5)
    assert released.deployer("logs", "local", "--since", "1s").stdout == ""


@pytest.mark.parametrize("since", ["", "5", "5x", "-5m", "1.5h", "99999999d"])
def test_a_length_of_time_is_checked(released: Checkout, since: str) -> None:
    done = released.deployer("logs", "local", f"--since={since}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "fix: write it like 30s, 15m, 2h or 3d" in done.stderr


def test_logs_are_followed_until_they_are_interrupted(released: Checkout) -> None:
    said_before = released.deployer("logs", "local", "--service", "--since", "1h").stdout.count("SUCCEEDED")
    following = begin(released, "logs", "local", "--follow", "--service", "--since", "1h")
    try:
        runner = aws.apprunner(released)
        [service] = runner.list_services()["ServiceSummaryList"]
        assert following.stdout is not None
        lines = iter(following.stdout.readline, "")
        assert next(lines)
        runner.start_deployment(ServiceArn=service["ServiceArn"])
        told = (line for line in lines if "SUCCEEDED" in line)
        assert len(list(itertools.islice(told, said_before + 1))) == said_before + 1
    finally:
        following.send_signal(2)
        said = following.communicate(timeout=30)[1]
    assert "Traceback" not in said
    assert following.returncode == 130


def begin(checkout: Checkout, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deployer", *arguments]
    return subprocess.Popen(command, cwd=checkout.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(checkout: Checkout, wanted: str) -> None:
    end = time.monotonic() + 30
    while status(checkout)["service"] != wanted:
        assert time.monotonic() < end, wanted
        time.sleep(0.3)
