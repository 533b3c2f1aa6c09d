"""What goes wrong around a deployment, and how a run continues from there: the real CLI against the local world."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, approved, resumed
from tests.e2e.test_releases import held, level, listed, run

pytestmark = pytest.mark.timeout(240)
LOCK = "/app-deployer/ansari-whatsapp/local/lock"
FOREIGN = {
    "id": "0123456789ab",
    "holder": "arn:aws:iam::000000000000:user/zaid",
    "verb": "reconcile",
    "host": "another-machine",
    "pid": 1,
    "started": 1,
    "since": "2026-11-01T09:00:00+00:00",
    "beat": "2026-11-01T09:00:00+00:00",
    "release": "cafe",
    "content": "c",
    "image": "i",
    "tag": "t",
    "operation": "op-1",
}


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    run(checkout, "reconcile", "local")
    return checkout


def live(checkout: Checkout) -> str:
    return loopback.get(checkout.service).headers["X-App-Release"]


def lock(checkout: Checkout, *, minutes: int) -> None:
    """A lock of somebody on another machine that expires in so many minutes."""
    expires = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    body = json.dumps(FOREIGN | {"expires": expires})
    aws.ssm(checkout).put_parameter(Name=LOCK, Value=body, Type="String", Overwrite=True)


def arn(checkout: Checkout) -> str:
    [service] = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    return service["ServiceArn"]


def settled(checkout: Checkout) -> None:
    while aws.apprunner(checkout).describe_service(ServiceArn=arn(checkout))["Service"]["Status"].endswith("PROGRESS"):
        time.sleep(0.05)


def deployments(checkout: Checkout) -> int:
    return sum(operation.startswith(("CREATE", "UPDATE")) for operation in aws.operations(checkout))


def begun(checkout: Checkout, *words: str, until: str) -> tuple[subprocess.Popen[str], str]:
    """A run that has come as far as this text on stderr, and what it has said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deployer", *words],
        cwd=checkout.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_signals,  # noqa: PLW1509 -- it calls nothing that a lock could hold
    )
    assert process.stderr is not None
    said = ""
    while until not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return process, said


def deploying(checkout: Checkout) -> tuple[subprocess.Popen[str], str]:
    """A run that has started its deployment and waits for it, and what it has said."""
    return begun(checkout, "reconcile", "local", until="deploy      operation")


def heeds_signals() -> None:
    """Also where these tests run in the background or below nohup, which a child would inherit."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def killed_while_it_deploys(checkout: Checkout) -> None:
    """A run that is gone before its deployment ends."""
    process, _ = deploying(checkout)
    assert process.stderr is not None
    process.kill()
    process.wait()
    process.stderr.close()


class TestProbe:
    """The platform calls it healthy, and yet the public URL does not report the new release."""

    def test_the_last_healthy_release_comes_back_by_itself(self, released: Checkout) -> None:
        before = held(released)
        tiny.install(released, tiny.SILENT)
        said = run(released, "reconcile", "local", code=5)
        assert "was deployed, but http://" in said
        assert "release 1 serves again, as release 3" in said
        three, two, _ = listed(released)
        assert (two["outcome"], two["why"].partition(":")[0]) == ("failed", "not seen at its URL")
        assert (three["outcome"], three["rollback_to"], three["live"]) == ("healthy", 1, True)
        assert {**held(released), "PORT": ""} == {**before, "PORT": ""}

    def test_exactly_the_same_is_refused_the_next_time(self, released: Checkout) -> None:
        before = aws.operations(released)
        said = run(released, "reconcile", "local", code=4)
        assert "release 2 was exactly this and failed" in said
        assert "warning: release 2 was the same and failed" in said
        assert "just reconcile local --retry" in said
        assert aws.operations(released) == before

    def test_a_manifest_can_hold_it_instead_and_a_later_proof_is_enough(self, released: Checkout) -> None:
        released.edit("on_unhealthy: rollback", "on_unhealthy: hold")
        said = run(released, "reconcile", "local", "--retry", code=6)
        assert "the manifest holds it (on_unhealthy), and is serving" in said
        assert live(released) == "another"
        failed = listed(released)[0]["number"]
        said = run(released, "reconcile", "local", code=6)  # it is asked again, and has failed only once
        assert f"release {failed} (" in said
        assert "is live, but http://" in said
        assert listed(released)[0]["number"] == failed
        tiny.install(released)
        released.edit("on_unhealthy: hold", "on_unhealthy: rollback")
        run(released, "reconcile", "local")
        assert "Nothing to do" in run(released, "reconcile", "local")


class TestInterruption:
    """Ctrl-C, SIGTERM and a closed terminal: it says what was started, and the next run attaches to it."""

    @pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
    def test_the_next_run_goes_on_without_a_second_deployment(self, released: Checkout, sent: signal.Signals) -> None:
        levels = ["DEBUG", "ERROR", "INFO", "WARNING"]
        at = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM].index(sent)
        old, new = levels[at : at + 2]
        level(released, old, new)
        before = deployments(released)
        process, said = deploying(released)
        assert process.stderr is not None
        process.send_signal(sent)
        said += process.stderr.read()
        process.stderr.close()
        assert process.wait() == 130
        assert "interrupted while release" in said
        assert "App Runner continues operation" in said
        shown = released.deployer("plan", "local").stdout
        assert "stopped in the middle of release" in shown
        run(released, "reconcile", "local")
        assert deployments(released) == before + 1
        assert held(released)["LOGGING_LEVEL"] == new
        assert listed(released)[0]["live"]
        assert "Nothing to do" in run(released, "reconcile", "local")

    def test_a_release_whose_run_died_is_recorded_before_another_one_is_deployed(self, released: Checkout) -> None:
        level(released, "WARNING", "INFO")
        killed_while_it_deploys(released)
        before = listed(released)[0]["number"]
        level(released, "INFO", "DEBUG")
        run(released, "reconcile", "local")
        first, second, *_ = listed(released)
        assert (first["number"], second["number"]) == (before + 2, before + 1)
        assert second["literals"]["LOGGING_LEVEL"] == "INFO"
        assert second["outcome"] == "healthy"
        assert (bool(second["operation"]), second["seconds"] > 0) == (True, True)  # App Runner's, not of the run
        run(released, *approved(released, "local"))
        assert held(released)["LOGGING_LEVEL"] == "INFO"
        run(released, *resumed(released))
        run(released, "reconcile", "local")
        level(released, "DEBUG", "WARNING")
        run(released, "reconcile", "local")

    def test_a_release_whose_run_died_has_to_answer_before_it_counts_as_healthy(self, released: Checkout) -> None:
        tiny.install(released, tiny.SILENT)
        killed_while_it_deploys(released)
        tiny.install(released)
        level(released, "WARNING", "DEBUG")
        said = run(released, "reconcile", "local", code=6)
        assert "which an earlier run had deployed, does not answer (last seen: 200, release another)" in said
        newest = listed(released)[0]
        assert (newest["outcome"], newest["live"], newest["why"].partition(":")[0]) == (
            "failed",
            True,
            "not seen at its URL",
        )
        run(released, "reconcile", "local")
        assert held(released)["LOGGING_LEVEL"] == "DEBUG"
        level(released, "DEBUG", "WARNING")
        run(released, "reconcile", "local")
        assert "is live, release" in run(released, *approved(released, "local"))
        assert held(released)["LOGGING_LEVEL"] == "DEBUG"
        run(released, *resumed(released))
        run(released, "reconcile", "local")

    def test_what_a_stopped_run_wrote_is_nobody_elses(self, released: Checkout) -> None:
        level(released, "WARNING", "INFO")
        faults, bearer = f"{released.endpoint}/_local/faults", released.keys.bearer
        loopback.put(faults, json={"refuse": {"call": "apprunner:UpdateService"}}, headers=bearer)
        run(released, "reconcile", "local", code=6)
        loopback.put(faults, json={}, headers=bearer)
        level(released, "INFO", "WARNING")
        said = run(released, "plan", "local")
        assert "INFO -> WARNING" in said
        assert "which was not finished" in said
        assert "outside the deployer" not in said
        assert "has not drifted" in run(released, "drift", "local")
        run(released, "reconcile", "local")

    def test_a_failed_deployment_whose_run_died_is_recorded_with_its_cause(self, released: Checkout) -> None:
        tiny.install(released, tiny.BROKEN)
        killed_while_it_deploys(released)
        said = run(released, "reconcile", "local", code=5)
        failed = listed(released)[0]
        operation = aws.apprunner(released).list_operations(ServiceArn=arn(released))["OperationSummaryList"][0]
        assert (failed["outcome"], failed["operation"]) == ("failed", operation["Id"])
        assert failed["seconds"] > 0
        cause = failed["why"].removeprefix("the deployment failed: ")
        assert cause != failed["why"]
        assert cause in said
        assert failed["why"] in run(released, "releases", "local")
        tiny.install(released)

    def test_a_reader_who_leaves_does_not_stop_it(self, released: Checkout) -> None:
        level(released, "WARNING", "ERROR")
        process = subprocess.Popen(
            [sys.executable, "-m", "deployer", "reconcile", "local"],
            cwd=released.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.stderr.readline()
        process.stderr.close()
        assert process.wait(60) == 0
        assert held(released)["LOGGING_LEVEL"] == "ERROR"
        level(released, "ERROR", "WARNING")
        run(released, "reconcile", "local")


class TestLock:
    def test_a_living_holder_is_named_and_waited_for(self, released: Checkout) -> None:
        lock(released, minutes=10)
        level(released, "WARNING", "ERROR")
        assert "zaid (process 1 on another-machine) is working" in released.deployer("plan", "local").stdout
        said = run(released, "reconcile", "local", code=4)
        assert "zaid (process 1 on another-machine) is working on this environment since 2026-11-01T09:00" in said
        assert "just unlock" in said

    def test_breaking_it_shows_what_is_broken_and_asks(self, released: Checkout) -> None:
        said = run(released, "unlock", "local", code=4)
        assert "deploying release cafe, operation op-1" in said
        assert "That run is alive" in said
        assert "just unlock local --approve 0123456789ab" in said
        assert "not confirmed" in run(released, "unlock", "local", "--approve", "something-else", code=4)
        assert "is broken" in run(released, "unlock", "local", "--approve", "0123456789ab")
        assert "is not locked" in run(released, "unlock", "local")

    def test_one_that_nobody_can_read_is_broken_too(self, released: Checkout) -> None:
        aws.ssm(released).put_parameter(Name=LOCK, Value="garb{age", Type="String")
        level(released, "ERROR", "DEBUG")
        assert "unknown" in run(released, "plan", "local")
        assert "just unlock local" in run(released, "reconcile", "local", code=4)
        assert "is broken" in run(released, "unlock", "local", "--approve", "unreadable")
        level(released, "DEBUG", "ERROR")

    def test_one_that_has_expired_is_taken_over(self, released: Checkout) -> None:
        lock(released, minutes=-1)
        run(released, "reconcile", "local")
        assert held(released)["LOGGING_LEVEL"] == "ERROR"


class TestService:
    def test_an_operation_of_somebody_else_is_waited_for(self, released: Checkout) -> None:
        level(released, "ERROR", "INFO")
        aws.apprunner(released).start_deployment(ServiceArn=arn(released))
        run(released, "reconcile", "local")
        assert held(released)["LOGGING_LEVEL"] == "INFO"

    def test_tags_that_were_taken_away_come_back_without_a_deployment(self, released: Checkout) -> None:
        client = aws.apprunner(released)
        client.untag_resource(ResourceArn=arn(released), TagKeys=["environment"])
        client.tag_resource(ResourceArn=arn(released), Tags=[{"Key": "team", "Value": "bots"}])
        before = aws.operations(released)
        assert "environment=local" in run(released, "reconcile", "local")
        tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceArn=arn(released))["Tags"]}
        assert (tags["environment"], tags["team"]) == ("local", "bots")
        assert aws.operations(released) == before

    def test_scaling_may_change_more_often_than_revisions_are_kept(self, released: Checkout) -> None:
        for most in range(24, 17, -1):
            released.edit(f"max: {most + 1}", f"max: {most}")
            run(released, "reconcile", "local")
        found = aws.apprunner(released).list_auto_scaling_configurations(
            AutoScalingConfigurationName="ansari-local-whatsapp", LatestOnly=False
        )["AutoScalingConfigurationSummaryList"]
        assert len([one for one in found if one.get("Status", "").upper() == "ACTIVE"]) <= 5
        before = aws.operations(released)
        assert "Nothing to do" in run(released, "reconcile", "local")
        assert aws.operations(released) == before


class TestPreflight:
    """Everything that would make a deployment fail slowly is told at once, before anything is changed."""

    def test_roles_of_somebody_else_and_secrets_are_looked_at_together(self, released: Checkout) -> None:
        client = aws.iam(released)
        nobody: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
        client.create_role(RoleName="TheirInstanceRole", AssumeRolePolicyDocument=json.dumps(nobody))
        released.edit(
            "access: CustomAppRunnerServiceRole, instance: CustomAppRunnerInstanceRole, managed: true",
            "access: NoSuchRole, instance: TheirInstanceRole, managed: false",
        )
        placeholder = "change-me-please-soon"
        aws.ssm(released).put_parameter(Name=f"{aws.PATH}/meta-app-secret", Value=placeholder, Overwrite=True)
        before = aws.operations(released)
        said = run(released, "reconcile", "local", code=3)
        for words in (
            "role NoSuchRole does not exist",
            "role TheirInstanceRole does not trust tasks.apprunner.amazonaws.com",
            "role TheirInstanceRole does not allow ssm:GetParameters",
            "META_APP_SECRET: the service refuses the value in SSM: is a placeholder",
        ):
            assert words in said
        assert placeholder not in said
        assert aws.operations(released) == before
        released.edit(
            "NoSuchRole, instance: TheirInstanceRole",
            "CustomAppRunnerServiceRole, instance: CustomAppRunnerInstanceRole",
        )
        run(released, "secret", "set", "local", "meta-app-secret", stdin="a-secret-that-will-do")
        run(released, "reconcile", "local")


class TestConsent:
    def test_a_fingerprint_is_the_consent_where_nobody_is_at_a_terminal(self, released: Checkout) -> None:
        released.edit("confirm: false", "confirm: true")
        level(released, "INFO", "DEBUG")
        said = run(released, "reconcile", "local", code=4)
        fingerprint = json.loads(released.deployer("plan", "local", "--json").stdout)["fingerprint"]
        assert f"--approve {fingerprint}" in said
        assert "was approved; nothing was changed" in run(released, "reconcile", "local", "--approve", "0" * 12, code=4)
        run(released, "reconcile", "local", "--approve", fingerprint)
        assert held(released)["LOGGING_LEVEL"] == "DEBUG"
