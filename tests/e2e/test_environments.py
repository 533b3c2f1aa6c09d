"""Two environments: what differs, what drifted, the same image for both, and the variables for other tools."""

from __future__ import annotations

import json
import stat
import time
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from aiohttp import web
from dotenv import dotenv_values

from deployer.view.env_text import FORMATS
from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, approved, write_second
from tests.local.meta.conftest import Receiver
from tests.serving import serving_apps

pytestmark = pytest.mark.timeout(240)
NOT_DRIFTED = {"environment": "second", "drift": [], "staged": [], "format": 2}
SECOND = "/app-runtime/ansari-whatsapp/second"


@pytest.fixture(scope="module")
def deployed(cold_checkout: Checkout) -> Checkout:
    tiny.commit(cold_checkout)
    level = "logging-level: {kind: literal, value: %s}"
    write_second(cold_checkout, level % "DEBUG", level % "INFO")
    run(cold_checkout, "promote", "local", "second", code=1)  # the local world does not run yet
    cold_checkout.start_world()
    run(cold_checkout, "promote", "local", "second", code=4)  # nor does the service
    run(cold_checkout, "reconcile", "local")
    return cold_checkout


def run(checkout: Checkout, *words: str, code: int = 0) -> str:
    done = checkout.deployer(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def document(checkout: Checkout, kind: str, *words: str, code: int = 0) -> Any:
    found = json.loads(run(checkout, *words, "--json", code=code))
    jsonschema.Draft202012Validator(json.loads(run(checkout, "schema", kind))).validate(found)
    return found


def arn_of(checkout: Checkout, service: str) -> str:
    listed = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    return next(one["ServiceArn"] for one in listed if one["ServiceName"] == service)


def image_of(checkout: Checkout, service: str) -> str:
    described: Any = aws.apprunner(checkout).describe_service(ServiceArn=arn_of(checkout, service))
    return str(described["Service"]["SourceConfiguration"]["ImageRepository"]["ImageIdentifier"])


def test_the_image_of_one_runs_in_the_other_with_its_own_variables(deployed: Checkout) -> None:
    tiny.install(deployed, tiny.SOURCE + "\n# a change that is not in the image that runs\n")
    done = deployed.deployer("promote", "local", "second")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "promoting release 1 of local" in done.stderr
    assert "LOGGING_LEVEL" in done.stdout
    assert image_of(deployed, "ansari-second-whatsapp") == image_of(deployed, "ansari-local-whatsapp")
    level = aws.ssm(deployed).get_parameter(Name=f"{SECOND}/logging-level")["Parameter"]["Value"]
    assert level == "INFO"
    assert "Nothing to do" in run(deployed, "promote", "local", "second")
    tiny.install(deployed)


def test_what_does_not_run_is_not_promoted(deployed: Checkout) -> None:
    aws.apprunner(deployed).pause_service(ServiceArn=arn_of(deployed, "ansari-local-whatsapp"))
    done = deployed.deployer("promote", "local", "second")
    assert done.returncode == 4, done.stdout
    assert "runs no healthy release that could be promoted" in done.stderr
    run(deployed, "status", "local", "--follow")
    run(deployed, "resume", "local", "--old-release-first")


def test_where_they_differ_and_which_secrets_they_share(deployed: Checkout) -> None:
    found = document(deployed, "diff", "diff", "local", "second", "--secrets")
    by_name = {one["name"]: (one["left"], one["right"]) for one in found["differences"]}
    assert by_name["logging-level"] == ("literal DEBUG", "literal INFO")
    assert by_name["environment"] == ("local", "second")
    secrets = {one["name"]: (one["left"], one["right"], one["same"]) for one in found["secrets"]}
    assert secrets["meta-app-secret"] == ("#1", "#1", True)  # both from the local world
    assert secrets["meta-webhook-verify-token"] == ("#1", "#2", False)  # each made its own
    said = run(deployed, "diff", "local", "second", "--secrets", "--detailed-exitcode", code=2)
    assert "the same value in both" in said
    for value in aws.secret_values(deployed).values():
        assert value not in said + json.dumps(found)


def test_everything_a_deployment_needs_is_looked_at(deployed: Checkout) -> None:
    found = document(deployed, "verify", "verify", "second", "--decrypt")
    assert (found["problems"], found["unseen"]) == ([], [])
    assert "Ready to: just reconcile" in run(deployed, "verify", "second")
    assert document(deployed, "verify", "verify", "second")["unseen"] != []
    client = aws.ssm(deployed)
    before = client.get_parameter(Name=f"{SECOND}/meta-app-secret", WithDecryption=True)["Parameter"]["Value"]
    client.put_parameter(Name=f"{SECOND}/meta-app-secret", Value="changeme", Overwrite=True)
    client.delete_parameter(Name=f"{SECOND}/meta-webhook-verify-token")
    operations = aws.apprunner(deployed).list_operations(ServiceArn=arn_of(deployed, "ansari-second-whatsapp"))
    assert run(deployed, "verify", "second").count("problem: ") == 0  # it is made anew, and no value was read
    said = run(deployed, "verify", "second", "--decrypt", code=3)
    assert "META_APP_SECRET" in said
    assert "changeme" not in said
    assert "problem: " in run(deployed, "verify", "second", "--image", "no-such-tag", code=3)
    client.put_parameter(Name=f"{SECOND}/meta-app-secret", Value=before, Overwrite=True)
    after = aws.apprunner(deployed).list_operations(ServiceArn=arn_of(deployed, "ansari-second-whatsapp"))
    assert len(operations["OperationSummaryList"]) == len(after["OperationSummaryList"])


def test_a_callback_at_meta_that_leads_elsewhere_is_warned_of(deployed: Checkout) -> None:
    found = document(deployed, "verify", "verify", "local", "--decrypt")
    assert (found["warnings"], found["unseen"]) == ([], [])
    client, path = aws.ssm(deployed), aws.PATH
    names = ("meta-access-token-from-sys-user", "meta-business-phone-number-id", "meta-webhook-verify-token")
    token, number, verify = (
        client.get_parameter(Name=f"{path}/{name}", WithDecryption=True)["Parameter"]["Value"] for name in names
    )
    receiver, app = Receiver(verify_token=verify), web.Application()
    app.add_routes([web.get("/other", receiver.get)])
    with serving_apps(app) as [other]:
        url = f"{other}/other"
        answer = loopback.post(
            f"http://127.0.0.1:{deployed.ports['8002']}/v26.0/{number}",
            json={"webhook_configuration": {"override_callback_uri": url, "verify_token": verify}},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert answer.status_code == 200, answer.text
    [warning] = document(deployed, "verify", "verify", "local", "--decrypt")["warnings"]
    assert (warning["kind"], warning["details"]) == ("OtherCallback", {"level": "phone_number", "url": url})
    said = run(deployed, "verify", "local", "--decrypt")
    assert f"warning: Meta sends messages to {url}, the callback of the phone number; fix: change it at Meta" in said
    assert "sends messages" not in run(deployed, "verify", "local")  # it takes the access token to ask


def test_what_drifted_is_told_with_who_and_when(deployed: Checkout) -> None:
    run(deployed, "reconcile", "second")
    assert document(deployed, "drift", "drift", "second") == NOT_DRIFTED
    assert run(deployed, "drift", "second", "--detailed-exitcode") == "second has not drifted.\n"
    client = aws.ssm(deployed)
    held = client.get_parameter(Name=f"{SECOND}/meta-app-secret")["Parameter"]["Version"]
    client.put_parameter(Name=f"{SECOND}/logging-level", Value="ERROR", Overwrite=True)
    client.put_parameter(Name=f"{SECOND}/meta-app-secret", Value="set-in-the-console", Overwrite=True)
    found = document(deployed, "drift", "drift", "second", "--detailed-exitcode", code=2)
    [drift], [staged] = found["drift"], found["staged"]
    assert {**drift, "when": None} == {
        "address": "LOGGING_LEVEL",
        "kind": "literal",
        "recorded": {"value": "INFO"},
        "live": {"value": "ERROR"},
        "who": "local user",
        "when": None,
    }
    assert datetime.fromisoformat(drift["when"]).tzinfo is not None
    path = f"{SECOND}/meta-app-secret"
    assert (staged["address"], staged["kind"]) == ("META_APP_SECRET", "secret")
    assert (staged["recorded"], staged["live"]) == (
        {"version": held, "path": path},
        {"version": held + 1, "path": path},
    )
    said = run(deployed, "drift", "second")
    assert "drift   LOGGING_LEVEL  literal  INFO -> ERROR, changed by local user" in said
    assert "just reconcile second" in said
    run(deployed, "reconcile", "second")
    assert run(deployed, "drift", "second", "--detailed-exitcode") == "second has not drifted.\n"


def test_drift_is_told_beside_an_edit_that_waits(deployed: Checkout) -> None:
    """Whatever somebody changed is named, alone or with others, and whatever else the manifest asks for."""
    run(deployed, "reconcile", "second")
    client, runner, path = aws.ssm(deployed), aws.apprunner(deployed), deployed.root / "env" / "second.yaml"
    arn = next(s["ServiceArn"] for s in runner.list_services()["ServiceSummaryList"] if "second" in s["ServiceName"])
    manifest, service = path.read_text(), runner.describe_service(ServiceArn=arn)["Service"]
    source, instance = service["SourceConfiguration"], service["InstanceConfiguration"]
    variables = source["ImageRepository"]["ImageConfiguration"]["RuntimeEnvironmentVariables"]
    path.write_text(
        manifest.replace("retention-hours: {kind: literal, value: 3}", "retention-hours: {kind: literal, value: 4}")
    )
    assert path.read_text() != manifest
    variables["META_GRAPH_URL"], variables["BY_HAND"] = "http://elsewhere.example", "perhaps-a-secret"
    runner.update_service(
        ServiceArn=arn,
        SourceConfiguration=source,
        InstanceConfiguration=instance | {"Cpu": "2048", "Memory": "4096"},
    )
    while runner.describe_service(ServiceArn=arn)["Service"]["Status"] != "RUNNING":
        time.sleep(0.05)
    client.remove_tags_from_resource(
        ResourceType="Parameter", ResourceId=f"{SECOND}/logging-level", TagKeys=["managed-by"]
    )
    client.delete_parameter(Name=f"{SECOND}/meta-app-secret")
    aws.ecr(deployed).delete_lifecycle_policy(repositoryName="ansari-whatsapp")
    runner.untag_resource(ResourceArn=arn, TagKeys=["managed-by"])
    found = document(deployed, "drift", "drift", "second", "--detailed-exitcode", code=2)["drift"]
    sides = {(item["address"], item["kind"]): (item["recorded"], item["live"]) for item in found}
    assert len(sides) == len(found)
    assert sides["cpu", "setting"] == ({"value": "1 vCPU"}, {"value": "2 vCPU"})
    assert sides["memory", "setting"] == ({"value": "2 GB"}, {"value": "4 GB"})
    assert sides["META_GRAPH_URL", "literal"][1] == {"value": "http://elsewhere.example"}
    assert sides["BY_HAND", "literal"] == (None, {"hidden": True})
    assert sides[f"{SECOND}/logging-level", "tag"] == ({"value": "managed-by=deployer"}, None)
    assert sides["ansari-second-whatsapp", "tag"] == ({"value": "managed-by=deployer"}, None)
    assert sides["META_APP_SECRET", "secret"][1] is None
    assert sides["lifecycle ansari-whatsapp", "lifecycle"][1] is None
    assert "RETENTION" not in str(found)
    assert "perhaps-a-secret" not in str(found)
    run(deployed, "reconcile", "second")
    path.write_text(manifest)
    run(deployed, "reconcile", "second")
    assert run(deployed, "drift", "second", "--detailed-exitcode") == "second has not drifted.\n"
    runner.delete_service(ServiceArn=arn)
    [gone] = document(deployed, "drift", "drift", "second", "--detailed-exitcode", code=2)["drift"][-1:]
    assert (gone["address"], gone["kind"], gone["live"]) == ("ansari-second-whatsapp", "service", None)
    assert "nothing runs; the newest release is" in run(deployed, "plan", "second")
    run(deployed, *approved(deployed, "second"))
    assert run(deployed, "drift", "second", "--detailed-exitcode") == "second has not drifted.\n"


def test_variables_for_other_tools(deployed: Checkout) -> None:
    values = aws.secret_values(deployed)
    for form in (*FORMATS, "github"):
        said = run(deployed, "export", "local", "--format", form)
        assert "LOGGING_LEVEL" in said
        assert not any(value in said for value in values.values())
    out = deployed.root / "local.env"
    out.write_text("something old that is longer than nothing\n" * 200)
    out.chmod(0o644)
    said = run(deployed, "export", "local", "--secrets", "--out", "local.env")
    assert not any(value in said for value in values.values())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    found = dotenv_values(out)
    assert {name.upper().replace("-", "_"): value for name, value in values.items()}.items() <= found.items()
    assert found["LOGGING_LEVEL"] == "DEBUG"
    run(deployed, "export", "local", "--format", "json", "--secrets", "--out", "local.json")
    assert json.loads((deployed.root / "local.json").read_text()) == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "local", "--secrets"], "secrets are written to a file only"),
        (["export", "local", "--out", "x.env"], "--out belongs to --secrets"),
        (["export", "local", "--format", "github", "--secrets", "--out", "x"], "hold no secret"),
        (["export", "local", "--secrets", "--out", "no/such/folder/x"], "cannot be written"),
        (["export", "local", "--secrets", "--out", "link.env"], "cannot be written"),
        (["export", "nowhere"], "there is no environment"),
        (["export", "local", "--format", "xml"], "it must be one of "),
        (["diff", "local"], "missing: "),
        (["diff", "local", "nowhere"], "there is no environment"),
        (["promote", "local"], "missing: "),
        (["promote", "nowhere", "local"], "there is no environment"),
        (["drift", "nowhere"], "there is no environment"),
        (["verify", "nowhere"], "there is no environment"),
        (["verify", "local", "--image", ""], "--image: it is empty"),
    ],
)
def test_bad_input_is_told(deployed: Checkout, words: list[str], said: str) -> None:
    link = deployed.root / "link.env"
    if not link.is_symlink():
        link.symlink_to(deployed.root / "elsewhere.env")
    done = deployed.deployer(*words)
    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr
    assert not (deployed.root / "elsewhere.env").exists()
    assert not (deployed.root / "x.env").exists()
