"""What an operator does after the first deployment, and what goes wrong: the real CLI against the local world."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.environment.open import open_environment
from deployer.view.progress import Reporter
from tests import loopback
from tests.e2e import aws
from tests.e2e.checkout import Checkout, make_checkout

pytestmark = pytest.mark.timeout(240)

READS = re.compile(r"\w+:(Get|List|Describe)\w+")


@pytest.fixture(scope="module")
def deployed(checkout: Checkout) -> Checkout:
    done = checkout.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    return checkout


@pytest.fixture
def edited(deployed: Checkout) -> Iterator[Checkout]:
    """Changes of this test are undone and reconciled away after it."""
    yield deployed
    deployed.git("checkout", "--quiet", "--", ".")
    done = deployed.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr


def live_release(checkout: Checkout) -> str:
    return loopback.get(checkout.service).headers["X-App-Release"]


def test_a_second_run_reads_only(deployed: Checkout) -> None:
    environment = open_environment(str(deployed.manifest), Reporter(sys.stderr))
    run = environment.run
    assert run.plan().plan.empty
    calls = environment.session.calls
    assert [call for call in calls if not READS.fullmatch(call)] == []
    assert calls.total() <= 19
    before = aws.operations(deployed)
    done = deployed.deployer("reconcile", "local")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Nothing to do: local is as the manifest declares.")
    assert aws.operations(deployed) == before


def test_the_plan_for_programs(edited: Checkout) -> None:
    assert edited.deployer("plan", "local", "--detailed-exitcode").returncode == 0
    edited.edit("meta-api-version: {kind: literal, value: v26.0}", "meta-api-version: {kind: literal, value: v25.0}")
    done = edited.deployer("plan", "local", "--json", "--detailed-exitcode")
    assert done.returncode == 2, done.stderr
    plan = json.loads(done.stdout)
    assert plan["summary"] == {"add": 0, "change": 2, "remove": 0, "unchanged": 13}
    put, deploy = plan["changes"]
    assert put["kind"] == "PutParameter"
    assert put["reason"] == "edit"
    assert re.fullmatch(r"local\.yaml:\d+", put["line"])
    assert deploy["kind"] == "DeployService"


def test_a_change_from_outside_is_shown_as_drift_and_mended(deployed: Checkout) -> None:
    client = aws.ssm(deployed)
    client.put_parameter(Name=f"{aws.PATH}/logging-level", Value="ERROR", Overwrite=True)
    done = deployed.deployer("reconcile", "local")
    assert "literal  ERROR -> DEBUG" in done.stdout
    assert "drift: changed outside the deployer" in done.stdout
    assert client.get_parameter(Name=f"{aws.PATH}/logging-level")["Parameter"]["Value"] == "DEBUG"


def test_a_secret_is_set_staged_and_deployed(deployed: Checkout) -> None:
    value = "a-new-verify-token-of-the-operator"
    before = live_release(deployed)
    done = deployed.deployer("secret", "set", "local", "meta-webhook-verify-token", stdin=value + "\n")
    assert done.returncode == 0, done.stderr
    assert "just reconcile local" in done.stdout
    assert live_release(deployed) == before
    done = deployed.deployer("reconcile", "local")
    assert "! META_WEBHOOK_VERIFY_TOKEN" in done.stdout
    assert "containers still hold v1" in done.stdout
    question = {"hub.mode": "subscribe", "hub.challenge": "1234", "hub.verify_token": value}
    answer = loopback.get(f"{deployed.service}/whatsapp/v2", params=question)
    assert (answer.status_code, answer.text) == (200, "1234")
    assert value not in done.stdout + done.stderr


def test_an_image_that_is_gone_from_ecr_is_seen(deployed: Checkout) -> None:
    found = json.loads(deployed.deployer("status", "local", "--json").stdout)
    ecr = aws.ecr(deployed)
    name = json.loads(deployed.deployer("plan", "local", "--json").stdout)["image"].partition("@")[0].partition("/")[2]
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": found["image"]}])
    done = deployed.deployer("status", "local", "--exit-code")
    assert (done.returncode, "is gone from ECR" in done.stdout) == (10, True)
    assert re.search(
        r"drift   running image  image  sha256:\w{12} -> absent", deployed.deployer("drift", "local").stdout
    )
    assert "is gone from ECR" in deployed.deployer("verify", "local").stdout
    assert deployed.deployer("reconcile", "local").returncode == 0
    assert deployed.deployer("status", "local", "--exit-code").returncode in {0, 10}


def test_a_missing_secret_blocks_and_names_its_command(edited: Checkout) -> None:
    name = "meta-app-secret"
    value = aws.secret_values(edited)[name]
    edited.edit("meta-app-secret: {kind: secret, source: local-world}", "meta-app-secret: {kind: secret}")
    aws.ssm(edited).delete_parameter(Name=f"{aws.PATH}/{name}")
    before = aws.operations(edited)
    done = edited.deployer("reconcile", "local")
    assert done.returncode == 3
    assert "blocked: META_APP_SECRET: the secret has no value in SSM" in done.stdout
    assert "just secret set local meta-app-secret" in done.stdout
    assert aws.operations(edited) == before
    assert edited.deployer("secret", "set", "local", name, stdin=value).returncode == 0
    assert edited.deployer("reconcile", "local").returncode == 0


def test_a_release_that_does_not_start_leaves_the_old_one_serving(edited: Checkout) -> None:
    before = live_release(edited)
    main = edited.root / "ansari_whatsapp" / "__main__.py"
    main.write_text('raise SystemExit("a mistake at the start")\n')
    done = edited.deployer("reconcile", "local")
    assert done.returncode == 5, done.stdout + done.stderr
    assert "a mistake at the start" in done.stderr
    assert "is serving, unaffected" in done.stderr
    assert live_release(edited) == before
    assert aws.operations(edited)[0] == "UPDATE_SERVICE ROLLBACK_SUCCEEDED"
    history = aws.ssm(edited).get_parameter_history(Name="/app-deployer/ansari-whatsapp/local/release")
    assert json.loads(history["Parameters"][-1]["Value"])["outcome"] == "failed"
    found = json.loads(edited.deployer("status", "local", "--json").stdout)
    assert (found["state"], found["healthy"]) == ("degraded", True)
    assert found["failed"]["why"].startswith("the deployment failed: ")


def test_the_wrong_account_is_refused_before_anything_is_read(edited: Checkout) -> None:
    edited.edit('"000000000000"', '"999999999999"')
    done = edited.deployer("plan", "local")
    assert done.returncode == 4
    assert "000000000000" in done.stderr
    assert "999999999999" in done.stderr


def test_two_at_once_one_wins(edited: Checkout) -> None:
    edited.edit("logging-level: {kind: literal, value: DEBUG}", "logging-level: {kind: literal, value: WARNING}")
    before = len(aws.operations(edited))
    results: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: results.append(edited.deployer("reconcile", "local"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(done.returncode for done in results) == 0
    assert all(done.returncode in {0, 3, 4} for done in results), [done.stderr for done in results]
    assert len(aws.operations(edited)) == before + 1


def test_a_mistake_in_the_manifest_is_shown_on_its_line(edited: Checkout) -> None:
    edited.edit("cpu: 1 vCPU", "cpux: 1 vCPU")
    done = edited.deployer("reconcile", "local")
    assert done.returncode == 3
    assert re.search(r"env/local\.yaml:\d+:\d+: ", done.stderr)
    assert "did you mean" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_no_secret_is_on_any_surface(deployed: Checkout) -> None:
    values = aws.secret_values(deployed)
    assert len(values) == len(aws.SECRETS)
    texts: dict[str, str] = {}
    for command in (["plan", "local"], ["plan", "local", "--json"], ["local", "status"], ["check", "local"]):
        done = deployed.deployer(*command)
        texts[" ".join(command)] = done.stdout + done.stderr
    history = aws.ssm(deployed).get_parameter_history(Name="/app-deployer/ansari-whatsapp/local/release")
    texts["ledger"] = json.dumps([parameter["Value"] for parameter in history["Parameters"]])
    [service] = aws.apprunner(deployed).list_services()["ServiceSummaryList"]
    described = aws.apprunner(deployed).describe_service(ServiceArn=service["ServiceArn"])
    texts["service"] = json.dumps(described["Service"], default=str)
    for path in (deployed.root / ".deployer").rglob("*"):
        if path.is_file():
            texts[str(path)] = path.read_text(errors="replace")
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            texts[str(process)] = process.read_text(errors="replace")
        except OSError:
            continue
    leaks = [(name, place) for name, value in values.items() for place, text in texts.items() if value in text]
    assert leaks == []


@pytest.mark.parametrize("words", [["releases"], ["unlock"], ["secret", "set"]])
def test_a_world_that_does_not_run_is_named(tmp_path: Path, words: list[str]) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    done = checkout.deployer(*words, "local", *(["meta-app-secret"] if words == ["secret", "set"] else []), stdin="x")
    assert done.returncode == 1
    assert done.stderr == "error: the local world is not running\n  fix: just up local, or: just reconcile local\n"


def test_a_taken_port_is_named_with_the_line_that_chooses_it(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    port = checkout.ports["8002"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = checkout.deployer("local", "up")
    assert done.returncode == 1
    line = next(n for n, text in enumerate(checkout.manifest.read_text().splitlines(), 1) if f":{port}" in text)
    assert f"port {port} of 127.0.0.1 is taken; env/local.yaml:{line} chooses it" in done.stderr


def test_a_port_taken_after_the_world_started_is_named_too(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    try:
        assert checkout.deployer("local", "up").returncode == 0
        port = checkout.ports["8001"]
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            done = checkout.deployer("reconcile", "local")
        assert done.returncode == 1
        assert f"port {port} of 127.0.0.1 is taken; env/local.yaml:" in done.stderr
    finally:
        checkout.deployer("local", "down")


def test_the_world_of_another_checkout_is_not_used(deployed: Checkout, tmp_path: Path) -> None:
    other = make_checkout(tmp_path / "checkout")
    other.manifest.write_text(deployed.manifest.read_text())
    done = other.deployer("plan", "local")
    assert done.returncode == 1
    assert str(deployed.root) in done.stderr


def test_a_token_that_meta_refuses_is_the_answer_to_whether_users_are_served(deployed: Checkout) -> None:
    assert deployed.deployer("status", "local", "--exit-code").returncode == 0
    faults = f"http://127.0.0.1:{deployed.ports['8002']}/_local/faults"
    loopback.put(faults, json={"token_revoked": {}}, headers=deployed.keys.bearer).raise_for_status()
    try:
        said = deployed.deployer("say", "local", "hello")
        assert (said.returncode, "why: Meta refuses the access token" in said.stderr) == (1, True)
        done = deployed.deployer("status", "local", "--exit-code")
        assert done.returncode == 11
        assert "no: Meta refuses the access token; fix: just secret set local meta-access-token" in done.stdout
        assert "1 waiting, the oldest for" in done.stdout
        assert "warning: Meta refuses the access token; fix: " in deployed.deployer("verify", "local").stdout
        assert "Meta refuses the access token" in deployed.deployer("doctor", "local").stdout
    finally:
        loopback.delete(faults, headers=deployed.keys.bearer).raise_for_status()
