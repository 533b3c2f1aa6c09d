"""Releases: listed, saved as plans, gone back to, and cleared away, through the real CLI."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import ClientError

from deployer.view.schemas import schema_json
from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, approved, resumed

pytestmark = pytest.mark.timeout(240)
LEVEL = "logging-level: {kind: literal, value: %s}"
TOKEN = "meta-webhook-verify-token"


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    """Release 1 with DEBUG, release 2 with INFO."""
    tiny.commit(checkout)
    run(checkout, "reconcile", "local")
    level(checkout, "DEBUG", "INFO")
    run(checkout, "reconcile", "local")
    return checkout


def run(checkout: Checkout, *arguments: str, code: int = 0, stdin: str = "") -> str:
    done = checkout.deployer(*arguments, stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def level(checkout: Checkout, old: str, new: str) -> None:
    checkout.edit(LEVEL % old, LEVEL % new)


def held(checkout: Checkout) -> dict[str, str]:
    """What the running container holds, without what each instance has of its own: its disk and its credentials."""
    found: dict[str, str] = loopback.get(checkout.service).json()
    own = ("AWS_CONTAINER_", "HOME", "PWD", "TMPDIR")
    return {name: value for name, value in found.items() if not name.startswith(own)}


def listed(checkout: Checkout) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(checkout.deployer("releases", "local", "--json").stdout)
    return found


def test_they_are_listed_newest_first_and_the_live_one_is_marked(released: Checkout) -> None:
    two, one = listed(released)
    assert (two["number"], two["live"], two["outcome"], two["literals"]["LOGGING_LEVEL"]) == (
        2,
        True,
        "healthy",
        "INFO",
    )
    assert (one["number"], one["live"]) == (1, False)
    assert two["content"] != one["content"]
    text = run(released, "releases", "local")
    assert text.splitlines()[1].startswith("*  2 ")
    assert "moto" not in text


def test_two_are_compared_by_number_or_commit(released: Checkout) -> None:
    commit = listed(released)[0]["tag"]  # of both: the newest counts
    found = json.loads(run(released, "releases", "local", "--diff", "1", "2", "--json"))
    assert (found["before"], found["after"]) == (1, 2)
    literals = [one for one in found["differences"] if one["kind"] == "literal"]
    assert literals == [{"kind": "literal", "name": "LOGGING_LEVEL", "before": "DEBUG", "after": "INFO"}]
    jsonschema.Draft202012Validator(json.loads(schema_json("releases-diff"))).validate(found)
    assert "LOGGING_LEVEL  DEBUG -> INFO" in run(released, "releases", "local", "--diff", "1", commit)
    assert "there is no release 7; recorded: 1 to 2" in run(released, "releases", "local", "--diff", "1", "7", code=3)


def test_a_rollback_is_previewed_carried_out_and_recorded(released: Checkout) -> None:
    before = aws.operations(released)
    shown = run(released, "plan", "local", "--rollback")
    assert "back to release 1, secrets stay as they are" in shown
    assert "literal  INFO -> DEBUG" in shown
    assert aws.operations(released) == before
    done = run(released, *approved(released, "local"))
    assert "is live, release 1 again" in done
    assert held(released)["LOGGING_LEVEL"] == "DEBUG"
    assert (listed(released)[0]["rollback_to"], listed(released)[0]["live"]) == (1, True)
    assert "as in release 1" in run(released, *approved(released, "local", "--to", "1"))


def test_what_was_rolled_back_from_is_not_deployed_before_somebody_lifts_the_hold(released: Checkout) -> None:
    before = aws.operations(released)
    said = run(released, "reconcile", "local", code=4)
    assert "local is held; nothing was changed" in said
    assert "rolled back from release 2 to release 1" in said
    assert "just resume local" in said
    assert "held: by " in run(released, "plan", "local")
    assert "rolled back from release 2 to release 1" in run(released, "status", "local")
    assert aws.operations(released) == before
    held_by = json.loads(released.deployer("hold", "local", "--json").stdout)
    assert (held_by["kind"], held_by["release"], held_by["to"]) == ("rollback", 2, 1)
    assert f"--approve {held_by['id']}" in run(released, "resume", "local", code=4)
    assert "not confirmed" in run(released, "resume", "local", "--approve", "another", code=4)
    released.edit("on_unhealthy: rollback", "on_unhealthy: rollback\n  after_rollback: deploy")
    run(released, "reconcile", "local", code=4)  # the same content, whatever the manifest says
    level(released, "INFO", "WARNING")
    assert "- hold" in run(released, "reconcile", "local")
    assert run(released, "hold", "local") == "local is not held.\n"
    level(released, "WARNING", "INFO")
    released.edit("\n  after_rollback: deploy", "")


def test_by_hand_everything_but_a_rollback_is_stopped(released: Checkout) -> None:
    file = released.root / "incident.plan"
    run(released, "plan", "local", "--out", str(file))
    assert "Only rollback, status and logs work" in run(released, "hold", "local", "--reason", "Meta delivers nothing")
    assert "hold: nothing -> manual" in run(released, "reconcile", "local", "--plan", str(file), code=4)
    for words in (
        ("reconcile", "local"),
        ("secret", "set", "local", "meta-app-secret"),
        ("secret", "rotate", "local", TOKEN),
        ("secret", "unset", "local", TOKEN, "--approve", TOKEN),
        ("destroy", "local", "--approve", "ansari-local-whatsapp"),
    ):
        assert "Meta delivers nothing" in run(released, *words, code=4, stdin="a-secret-that-will-do"), words
    for verb in ("plan", "status", "releases", "drift", "doctor"):
        run(released, verb, "local")
    assert "is live, release" in run(released, *approved(released, "local"))
    assert "Meta delivers nothing" in run(released, "hold", "local")
    assert "looks like" in run(released, "hold", "local", "--reason", f"sk-{'a1' * 20}", code=3)
    run(released, *resumed(released))
    run(released, "reconcile", "local")
    assert held(released)["LOGGING_LEVEL"] == "INFO"


def test_a_rollback_to_what_is_not_there_or_failed_is_refused(released: Checkout) -> None:
    assert "there is no release 99; recorded: 1 to" in run(released, *approved(released, "local", "--to", "99"), code=3)
    tiny.install(released, tiny.BROKEN)
    run(released, "reconcile", "local", code=5)
    tiny.install(released)
    number = listed(released)[0]["number"]
    assert f"release {number} failed" in run(released, *approved(released, "local", "--to", str(number)), code=4)


def test_a_rollback_whose_image_is_gone_says_so(released: Checkout) -> None:
    source = released.root / "ansari_whatsapp" / "notices.py"
    original = source.read_text()
    source.write_text(original + "\n")
    run(released, "reconcile", "local")
    gone = listed(released)[0]
    source.write_text(original)
    run(released, "reconcile", "local")
    digest = gone["image"].partition("@")[2]
    aws.ecr(released).batch_delete_image(repositoryName="ansari-whatsapp", imageIds=[{"imageDigest": digest}])
    before = aws.operations(released)
    said = run(released, *approved(released, "local", "--to", str(gone["number"])), code=3)
    assert f"the image of release {gone['number']} ({digest}) is no longer in ECR" in said
    assert aws.operations(released) == before


def test_secrets_stay_unless_they_are_asked_for(released: Checkout) -> None:
    number, old = listed(released)[0]["number"], held(released)["META_WEBHOOK_VERIFY_TOKEN"]
    new = "a-newer-token-of-the-operator"
    run(released, "secret", "set", "local", TOKEN, stdin=new)
    run(released, "reconcile", "local")
    assert held(released)["META_WEBHOOK_VERIFY_TOKEN"] == new
    said = run(released, *approved(released, "local", "--to", str(number)))
    assert held(released)["META_WEBHOOK_VERIFY_TOKEN"] == new
    said += run(released, *approved(released, "local", "--to", str(number), "--with-secrets"))
    assert held(released)["META_WEBHOOK_VERIFY_TOKEN"] == old
    said += run(released, *approved(released, "local", "--to", str(number), "--with-secrets"))
    assert "Nothing to do" in said
    assert old not in said
    assert new not in said
    run(released, *resumed(released))


def test_a_saved_plan_is_applied_as_it_was_saved(released: Checkout) -> None:
    level(released, "INFO", "WARNING")
    file = released.root / "the.plan.json"
    run(released, "plan", "local", "--out", str(file))
    saved = json.loads(file.read_text())
    assert [change["kind"] for change in saved["changes"]] == ["PutParameter", "DeployService"]
    done = run(released, "reconcile", "local", "--plan", str(file))
    assert f"({saved['release']}) is live" in done
    assert "Nothing to do" in run(released, "reconcile", "local")
    stale = run(released, "reconcile", "local", "--plan", str(file), code=4)
    path = f"{aws.PATH}/logging-level"
    version = int(saved["facts"][f"parameter {path}"].rpartition("v")[2])
    assert f"parameter {path}: String v{version} -> String v{version + 1}" in stale
    assert "service configuration: " in stale
    assert "newest release: " in stale


def test_a_plan_that_somebody_edited_is_refused(released: Checkout) -> None:
    level(released, "WARNING", "ERROR")
    file = released.root / "the.plan.json"
    run(released, "plan", "local", "--out", str(file))
    before = aws.operations(released)
    file.write_text(file.read_text().replace('"value": "ERROR"', '"value": "DEBUG"'))
    assert "the file was edited" in run(released, "reconcile", "local", "--plan", str(file), code=4)
    file.write_text("{}")
    assert "is not a plan of this deployer" in run(released, "reconcile", "local", "--plan", str(file), code=3)
    assert "No such file" in run(released, "reconcile", "local", "--plan", "nowhere.json", code=3)
    manifest = released.manifest.read_text()
    assert "is not a plan" in run(released, "plan", "local", "--out", str(released.manifest), code=3)
    assert released.manifest.read_text() == manifest
    assert aws.operations(released) == before
    level(released, "ERROR", "WARNING")


def test_a_variable_that_is_no_longer_named_goes_in_two_steps(released: Checkout) -> None:
    """It leaves the service at once; its parameter only when asked for, and when no release to go back to needs it."""
    client, path = aws.ssm(released), f"{aws.PATH}/origins"
    client.put_parameter(Name=f"{aws.PATH}/of-somebody-else", Value="theirs", Type="String")
    line = next(text for text in released.manifest.read_text().splitlines() if text.startswith("  origins:"))
    released.edit(line + "\n", "")
    said = run(released, "reconcile", "local", "--prune")
    assert f"? {path}" in said
    assert "kept, because release" in said
    assert "ORIGINS" not in held(released)
    assert client.get_parameter(Name=path)["Parameter"]["Value"]
    level(released, "WARNING", "ERROR")
    assert "deleted with --prune" in run(released, "reconcile", "local")
    before = aws.operations(released)
    said = run(released, "reconcile", "local", "--prune")
    assert f"- {path}" in said
    with pytest.raises(ClientError, match="ParameterNotFound"):
        client.get_parameter(Name=path)
    assert aws.operations(released) == before
    assert client.get_parameter(Name=f"{aws.PATH}/of-somebody-else")["Parameter"]["Value"] == "theirs"


def test_a_parameter_made_by_hand_is_adopted_without_a_deployment(released: Checkout) -> None:
    client, path = aws.ssm(released), f"{aws.PATH}/{TOKEN}"
    client.remove_tags_from_resource(ResourceType="Parameter", ResourceId=path, TagKeys=["managed-by"])
    before = aws.operations(released)
    assert "adopted: tagged, its value stays" in run(released, "reconcile", "local")
    assert aws.operations(released) == before
    assert "Nothing to do" in run(released, "reconcile", "local")


def test_a_parameter_deleted_and_made_again_is_deployed_though_its_version_is_the_same(released: Checkout) -> None:
    client, path = aws.ssm(released), f"{aws.PATH}/{TOKEN}"
    client.delete_parameter(Name=path)
    run(released, "reconcile", "local")
    assert client.get_parameter(Name=path)["Parameter"]["Version"] == 1
    client.delete_parameter(Name=path)
    client.put_parameter(Name=path, Value="made-anew-by-somebody", Type="SecureString")
    said = run(released, "reconcile", "local")
    assert "deleted and recreated" in said
    assert held(released)["META_WEBHOOK_VERIFY_TOKEN"] == "made-anew-by-somebody"
    assert "Nothing to do" in run(released, "reconcile", "local")


def test_a_secret_that_was_deleted_since_cannot_come_back(released: Checkout) -> None:
    """Its versions count from one again: the one of the old number is another secret."""
    number = listed(released)[0]["number"]
    run(released, "secret", "unset", "local", TOKEN, "--approve", TOKEN)
    run(released, "secret", "set", "local", TOKEN, stdin="made-anew-by-the-operator")
    run(released, "reconcile", "local")
    before = aws.operations(released)
    said = run(released, *approved(released, "local", "--to", str(number), "--with-secrets"), code=3)
    assert "META_WEBHOOK_VERIFY_TOKEN: version 1 of the secret is no longer in SSM" in said
    assert aws.operations(released) == before
    assert held(released)["META_WEBHOOK_VERIFY_TOKEN"] == "made-anew-by-the-operator"


def test_without_a_name_a_rollback_means_staging_and_says_so(released: Checkout) -> None:
    """The staging of a newcomer's checkout is no account of theirs: it is refused, but after saying which it is."""
    done = released.deployer("rollback")
    assert done.returncode != 0
    assert "no environment was named: this is staging" in done.stderr


def test_a_ledger_that_a_newer_deployer_wrote_is_refused_by_name(released: Checkout) -> None:
    name, client = "/app-deployer/ansari-whatsapp/local/release", aws.ssm(released)
    newest = client.get_parameter(Name=name)["Parameter"]
    newer = json.dumps({"format": 2, "deployer": "9.8.7"})
    number = client.put_parameter(Name=name, Value=newer, Type="String", Overwrite=True)["Version"]
    before = aws.operations(released)
    for verb in ("plan", "reconcile", "status", "releases", "drift"):
        said = run(released, verb, "local", code=3)
        assert f"release {number} was written by deployer 9.8.7 in format 2; nothing was changed" in said
        assert "fix: use deployer 9.8.7 or newer" in said
    assert aws.operations(released) == before
    client.delete_parameter(Name=name)
    client.put_parameter(Name=name, Value=newest["Value"], Type="String", Overwrite=True)


def test_a_plan_that_another_version_saved_is_refused(released: Checkout) -> None:
    file = released.root / "older.plan.json"
    file.write_text('{"format": 0}')
    said = run(released, "reconcile", "local", "--plan", str(file), code=3)
    assert "was saved in format 0 by an older deployer" in said
    assert "fix: make one with: just plan local --out FILE" in said
