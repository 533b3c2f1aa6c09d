"""`service.paused: true` in a manifest: a reconcile pauses the service last, and while it is paused what needs a
deployment waits; without the key, a reconcile resumes what a reconcile has paused.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import held, level, listed, run
from tests.e2e.test_service_state import platform

pytestmark = pytest.mark.timeout(240)
KEY = "  on_unhealthy: rollback\n"
DECLARED = f"{KEY}  paused: true\n"


@pytest.fixture(scope="module")
def paused(checkout: Checkout) -> Checkout:
    """A new service that its manifest declares paused."""
    tiny.commit(checkout)
    checkout.edit(KEY, DECLARED)
    said = run(checkout, "reconcile", "local")
    assert "Release 1" in said
    assert "local is paused, as env/local.yaml declares" in said
    assert "say local" not in said
    return checkout


def tags(checkout: Checkout) -> dict[str, str]:
    runner = aws.apprunner(checkout)
    [service] = runner.list_services()["ServiceSummaryList"]
    listed = runner.list_tags_for_resource(ResourceArn=service["ServiceArn"])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def read(checkout: Checkout, verb: str, *words: str) -> Any:
    return json.loads(checkout.deployer(verb, "local", *words, "--json").stdout)


def test_a_new_service_is_created_and_proven_before_it_is_paused(paused: Checkout) -> None:
    assert platform(paused) == ("PAUSED", ["PAUSE_SERVICE", "CREATE_SERVICE"])
    [release] = listed(paused)
    assert (release["outcome"], release["live"]) == ("healthy", True)
    assert tags(paused)["paused"] == "manifest"


def test_a_service_that_is_paused_as_declared_is_neither_changed_nor_a_problem(paused: Checkout) -> None:
    before = platform(paused)
    assert "Nothing to do" in run(paused, "reconcile", "local")
    run(paused, "plan", "local", "--detailed-exitcode")
    assert "has not drifted" in run(paused, "drift", "local", "--detailed-exitcode")
    found = read(paused, "status")
    assert (found["state"], found["declared_paused"], found["troubles"]) == ("paused", True, [])
    said = run(paused, "status", "local", "--exit-code", code=12)
    assert "no: the service is paused, as env/local.yaml declares" in said
    assert "problem" not in said
    assert platform(paused) == before


def test_a_resume_against_the_manifest_is_refused(paused: Checkout) -> None:
    before = platform(paused)
    said = run(paused, "resume", "local", code=4)
    assert "the next reconcile would pause it again; nothing was changed" in said
    assert "remove `paused: true` from env/local.yaml, then: just resume local" in said
    assert "remove `paused: true`" in run(paused, "pause", "local")
    assert platform(paused) == before


def test_a_hold_is_lifted_and_the_service_stays_paused(paused: Checkout) -> None:
    run(paused, "hold", "local", "--reason", "an incident")
    said = run(paused, "resume", "local", "--approve", read(paused, "hold")["id"])
    assert "no longer held. Its service stays paused." in said
    assert platform(paused)[0] == "PAUSED"


def test_an_edit_waits_until_the_service_runs_again(paused: Checkout) -> None:
    before = platform(paused)
    level(paused, "DEBUG", "INFO")
    said = run(paused, "reconcile", "local")
    assert "postponed: service ansari-local-whatsapp is paused, as env/local.yaml declares" in said
    assert "Not deployed: local is paused as declared, and 2 changes wait until it runs again" in said
    assert (outcome := read(paused, "reconcile"))["postponed"] == 2
    assert (outcome["changes"], outcome["number"], outcome["release"]) == (0, 1, listed(paused)[0]["id"])
    run(paused, "plan", "local", "--detailed-exitcode", code=2)
    value = aws.ssm(paused).get_parameter(Name=f"{aws.PATH}/logging-level")["Parameter"]["Value"]
    assert value == "DEBUG"  # what an instance of the old release would read stays as that release had it
    assert (platform(paused), len(listed(paused))) == (before, 1)


def test_a_rollback_is_refused(paused: Checkout) -> None:
    before = platform(paused)
    said = run(paused, "rollback", "local", "--to", "1", code=4)
    assert "remove `paused: true` from env/local.yaml" in said
    assert platform(paused) == before
    assert "is not held" in run(paused, "hold", "local")


def test_without_the_key_the_old_release_does_not_start_before_the_new_one(paused: Checkout) -> None:
    before = platform(paused)
    paused.edit(DECLARED, KEY)
    said = run(paused, "reconcile", "local", code=4)
    assert "just resume local --old-release-first" in said
    assert "or declare it in env/local.yaml: `paused: true` below service" in said
    assert platform(paused) == before


def test_without_the_key_and_without_an_edit_a_reconcile_resumes_it(paused: Checkout) -> None:
    level(paused, "INFO", "DEBUG")
    assert "~ resume ansari-local-whatsapp  start release" in run(
        paused, "plan", "local", "--detailed-exitcode", code=2
    )
    outcome = read(paused, "reconcile")
    assert (outcome["changes"], outcome["deployed"], outcome["turned"]) == (1, False, "resumed")
    assert platform(paused)[1][0] == "RESUME_SERVICE"
    assert held(paused)["LOGGING_LEVEL"] == "DEBUG"
    assert tags(paused)["paused"] == "no"
    assert "Nothing to do" in run(paused, "reconcile", "local")
    assert len(listed(paused)) == 1  # neither the pause nor its end is a release


def test_with_an_edit_the_new_release_is_deployed_and_then_paused(paused: Checkout) -> None:
    level(paused, "DEBUG", "INFO")
    paused.edit(KEY, DECLARED)
    plan = read(paused, "plan")
    assert [change["kind"] for change in plan["changes"]] == ["PutParameter", "DeployService", "PauseService"]
    outcome = read(paused, "reconcile", "--approve", plan["fingerprint"])
    assert (outcome["changes"], outcome["number"], outcome["turned"]) == (3, 2, "paused")
    assert platform(paused)[0] == "PAUSED"
    assert platform(paused)[1][:2] == ["PAUSE_SERVICE", "UPDATE_SERVICE"]
    newest = listed(paused)[0]
    assert (newest["outcome"], newest["literals"]["LOGGING_LEVEL"]) == ("healthy", "INFO")
    assert "Nothing to do" in run(paused, "reconcile", "local")


def test_a_start_outside_the_deployer_is_drift(paused: Checkout) -> None:
    runner = aws.apprunner(paused)
    [service] = runner.list_services()["ServiceSummaryList"]
    runner.resume_service(ServiceArn=service["ServiceArn"])
    run(paused, "status", "local", "--follow")
    [item] = read(paused, "drift")["drift"]
    assert (item["kind"], item["recorded"], item["live"]) == ("service", {"value": "paused"}, {"value": "running"})
    assert "drift: changed outside the deployer" in run(paused, "reconcile", "local")
    assert platform(paused)[0] == "PAUSED"


def test_a_resume_by_hand_makes_the_next_pause_an_operators_own(paused: Checkout) -> None:
    paused.edit(DECLARED, KEY)
    assert "runs again with release 2" in run(paused, "resume", "local")
    assert tags(paused)["paused"] == "no"
    run(paused, "pause", "local")
    assert "start it again: just resume local" in run(paused, "reconcile", "local", code=4)
    paused.edit(KEY, DECLARED)
    assert "Nothing to do" in run(paused, "reconcile", "local")
    paused.edit(DECLARED, KEY)
    assert "start it again: just resume local" in run(paused, "reconcile", "local", code=4)
    run(paused, "resume", "local")
    assert "Nothing to do" in run(paused, "reconcile", "local")
