"""`pause`, `resume` and `restart`: a paused service is a state that no reconcile ends, and no other release starts."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import held, level, run

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    run(checkout, "reconcile", "local")
    return checkout


def platform(checkout: Checkout) -> tuple[str, list[str]]:
    """The service's status, and the kinds of its operations, newest first."""
    runner = aws.apprunner(checkout)
    [service] = runner.list_services()["ServiceSummaryList"]
    listed = runner.list_operations(ServiceArn=service["ServiceArn"])["OperationSummaryList"]
    return service["Status"], [operation["Type"] for operation in listed]


def test_a_paused_service_stays_paused_until_it_is_resumed(released: Checkout) -> None:
    assert "local is paused" in run(released, "pause", "local")
    before = platform(released)
    assert (before[0], before[1][0]) == ("PAUSED", "PAUSE_SERVICE")
    assert "is paused already" in run(released, "pause", "local")
    assert "has not drifted" in run(released, "drift", "local", "--detailed-exitcode")
    assert "just resume local" in run(released, "plan", "local", code=3)
    said = run(released, "reconcile", "local", code=4)
    assert "is paused; nothing was changed" in said
    assert "just resume local" in said
    assert "just resume local" in run(released, "restart", "local", code=4)
    assert platform(released) == before
    said = run(released, "resume", "local")
    assert "local runs again with release 1" in said
    assert re.search(r"probe +GET .* reports", said)
    assert platform(released)[0] == "RUNNING"
    assert "not paused" in run(released, "resume", "local")
    assert "Nothing to do" in run(released, "reconcile", "local")


def test_the_old_release_starts_only_when_that_is_asked_for(released: Checkout) -> None:
    run(released, "pause", "local")
    before = platform(released)
    level(released, "DEBUG", "INFO")
    for verb in ("reconcile", "resume"):
        said = run(released, verb, "local", code=4)
        assert "deploys nothing to a paused service" in said
        assert "just resume local --old-release-first" in said
    assert platform(released) == before
    run(released, "resume", "local", "--old-release-first")
    assert held(released)["LOGGING_LEVEL"] == "DEBUG"
    run(released, "reconcile", "local")
    assert held(released)["LOGGING_LEVEL"] == "INFO"


def test_a_hold_stands_against_all_three(released: Checkout) -> None:
    run(released, "pause", "local")
    run(released, "hold", "local", "--reason", "an incident")
    before = platform(released)
    assert "there is no terminal" in run(released, "resume", "local", code=4)
    assert platform(released) == before
    found = json.loads(released.deployer("hold", "local", "--json").stdout)
    assert "runs again" in run(released, "resume", "local", "--approve", found["id"])
    assert "is not held" in run(released, "hold", "local")
    run(released, "hold", "local", "--reason", "an incident")
    before = platform(released)
    for verb in ("pause", "restart"):
        assert "local is held; nothing was changed" in run(released, verb, "local", code=4)
    assert platform(released) == before
    found = json.loads(released.deployer("hold", "local", "--json").stdout)
    run(released, "resume", "local", "--approve", found["id"])


def test_a_restart_brings_nothing_new(released: Checkout) -> None:
    said = run(released, "restart", "local")
    assert "local was restarted with release 2" in said
    assert platform(released)[1][0] == "START_DEPLOYMENT"
    assert "Nothing to do" in run(released, "reconcile", "local")
    released.deployer("secret", "set", "local", "meta-app-secret", stdin="a-new-secret-of-the-app")
    before = platform(released)
    said = run(released, "restart", "local", code=4)
    assert "META_APP_SECRET (v1 -> v2)" in said
    assert platform(released) == before
    run(released, "reconcile", "local")
    assert "release 3" in run(released, "restart", "local")


def test_a_protected_environment_asks_before_each(released: Checkout) -> None:
    text = released.manifest.read_text()
    released.manifest.write_text(text.replace("confirm: false", "confirm: true"))
    before = platform(released)
    said = run(released, "pause", "local", code=4)
    assert platform(released) == before
    approval = re.search(r"--approve ([0-9a-f]{12})", said)
    assert approval is not None
    run(released, "pause", "local", "--approve", approval[1])
    assert "approved" in run(released, "resume", "local", "--approve", approval[1], "--old-release-first", code=4)
    assert platform(released)[0] == "PAUSED"
    released.manifest.write_text(text)
    run(released, "resume", "local")
