"""An incident in which the checked-out manifest is of no use: what works from the ledger works all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deployer.aws.lock_record import mine
from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, approved

pytestmark = pytest.mark.timeout(240)
LEVEL = "logging-level: {kind: literal, value: %s}"
TALKING = tiny.SOURCE.replace("RELEASE = ", 'print("holds", os.environ["META_APP_SECRET"], flush=True)\nRELEASE = ', 1)
BREAKS = ("unparsable", "unknown key", "missing literal", "no file", "project file", "settings class")

TOLD = {"no file": "is not in this checkout", "missing literal": "", "project file": "", "settings class": ""}


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    """Release 1 with DEBUG, release 2 with INFO; the manifest of both is committed."""
    tiny.commit(checkout, TALKING)
    run(checkout, "reconcile", "local")
    checkout.edit(LEVEL % "DEBUG", LEVEL % "INFO")
    checkout.git("commit", "--all", "--quiet", "--message", "say less")
    run(checkout, "reconcile", "local")
    return checkout


def run(checkout: Checkout, *arguments: str, code: int = 0) -> str:
    done = checkout.deployer(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@contextmanager
def broken(checkout: Checkout, how: str) -> Iterator[str]:
    """The words on stderr about a manifest that is broken in this way, until it is as it was again."""
    text = checkout.manifest.read_text()
    project = checkout.root / "deployer.yaml"
    described = project.read_text()
    if how == "project file":
        project.write_text(described.replace("release_header:", "release_heading:"))
    elif how == "settings class":
        project.write_text(described.replace("ansari_whatsapp.settings:", "absent_module:"))
    elif how == "no file":
        checkout.git("switch", "--quiet", "--create", "elsewhere")
        checkout.git("rm", "--quiet", "env/local.yaml")
        checkout.git("commit", "--quiet", "--message", "without it")
    elif how == "unparsable":
        checkout.manifest.write_text(text.replace("service:\n", "<<<<<<< HEAD\nservice:\n"))
    elif how == "unknown key":
        checkout.edit("service:\n", "service:\n  unheard_of: 1\n")
    else:
        [line] = [line for line in text.splitlines() if line.startswith("  deployment-type:")]
        checkout.edit(line + "\n", "")
    try:
        # Where only a literal is missing, the file says all that these verbs need.
        yield TOLD.get(how, "1 problem (just check local)")
    finally:
        if how == "no file":
            checkout.git("switch", "--quiet", "-")
            checkout.git("branch", "--quiet", "--delete", "--force", "elsewhere")
        checkout.manifest.write_text(text)
        project.write_text(described)


@pytest.mark.parametrize("how", BREAKS)
def test_what_works_from_the_ledger_works_without_a_valid_manifest(released: Checkout, how: str) -> None:
    with broken(released, how) as told:
        run(released, "plan", "local", code=3)
        listed = json.loads(released.deployer("releases", "local", "--json").stdout)
        assert {entry["literals"]["LOGGING_LEVEL"] for entry in listed} == {"DEBUG", "INFO"}
        assert "local is held" in run(released, "hold", "local", "--reason", how)
        found = json.loads(released.deployer("hold", "local", "--json").stdout)
        assert found["reason"] == how
        said = run(released, "resume", "local", "--approve", found["id"])
        assert "no longer held" in said
        assert "holds <secret>" in run(released, "logs", "local", "--since", "1h")
        lock = mine("arn:aws:iam::1:user/ghost", "reconcile")
        aws.ssm(released).put_parameter(Name=f"{aws.LEDGER}/lock", Value=lock.text(), Type="String")
        said = run(released, "unlock", "local", "--approve", lock.id)
        assert "The lock of local is broken." in said
        assert told in said


@pytest.mark.parametrize("how", BREAKS)
def test_status_and_rollback_work_from_the_ledger(released: Checkout, how: str) -> None:
    with broken(released, how):
        before = json.loads(run_json(released, "status", "local"))
        assert (before["state"], before["manifest_problems"], before["edits"]) == ("healthy", 1, None)
        assert (before["drift"], before["staged"], before["blocked"]) == ([], [], [])
        assert "invalid: 1 problem, see just check local" in run(released, "status", "local")
        live = next(entry for entry in listed(released) if entry["live"])
        number, level = (1, "DEBUG") if live["literals"]["LOGGING_LEVEL"] == "INFO" else (2, "INFO")
        said = run(released, *approved(released, "local", "--to", str(number)))
        assert f"is live, release {number} again" in said
        assert loopback.get(released.service).json()["LOGGING_LEVEL"] == level
        assert listed(released)[0]["manifest"] == listed(released)[-number]["manifest"]
        found = json.loads(run_json(released, "hold", "local"))
        run(released, "resume", "local", "--approve", found["id"])


def test_a_secret_that_only_the_service_still_holds_is_in_no_log_line(released: Checkout) -> None:
    text = released.manifest.read_text()
    [line] = [line for line in text.splitlines() if line.startswith("  meta-app-secret:")]
    released.edit(line + "\n", "")
    try:
        said = run(released, "logs", "local", "--since", "1h")
    finally:
        released.manifest.write_text(text)
    assert "holds <secret>" in said
    assert aws.secret_values(released)["meta-app-secret"] not in said


def run_json(checkout: Checkout, *arguments: str) -> str:
    done = checkout.deployer(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(checkout: Checkout) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run_json(checkout, "releases", "local"))
    return found


def test_a_file_that_names_other_things_is_not_replaced_by_a_committed_one(released: Checkout) -> None:
    """Its names are readable, and no commit has a manifest with them."""
    text = released.manifest.read_text()
    released.edit("service:\n", "service:\n  unheard_of: 1\n")
    released.edit("name: ansari-local-whatsapp", "name: ansari-another-whatsapp")
    try:
        for words in (("status", "local"), ("rollback", "local", "--to", "1")):
            assert "there is no key unheard_of" in run(released, *words, code=3)
    finally:
        released.manifest.write_text(text)


def test_an_image_is_named_by_a_release_or_the_start_of_its_commit(released: Checkout) -> None:
    one = listed(released)[-1]
    for image in ("1", one["tag"][:9], one["tag"]):
        plan = json.loads(run_json(released, "plan", "local", "--image", image))
        assert (plan["tag"], plan["blockers"]) == (one["tag"], [])
    name, digest = "ansari-whatsapp", one["image"].partition("@")[2]
    never = "feed" + "0" * 36
    found = aws.ecr(released).batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])["images"][0]
    aws.ecr(released).put_image(repositoryName=name, imageTag=never, imageManifest=found["imageManifest"])
    assert json.loads(run_json(released, "plan", "local", "--image", "feed000"))["tag"] == never
    assert "there is no release 99" in run(released, "plan", "local", "--image", "99", code=3)


def test_drift_is_shown_against_the_last_release(released: Checkout) -> None:
    """The committed manifest asks for what somebody set by hand; no release has it."""
    released.edit(LEVEL % "INFO", LEVEL % "WARNING")
    released.git("commit", "--all", "--quiet", "--message", "not deployed")
    name = f"{aws.PATH}/logging-level"
    aws.ssm(released).put_parameter(Name=name, Value="WARNING", Type="String", Overwrite=True)
    with broken(released, "unknown key"):
        found = json.loads(run_json(released, "status", "local"))
    assert [item["address"] for item in found["drift"]] == ["LOGGING_LEVEL"]
