"""`service.command` with the service's own port, through the whole deployer."""

from __future__ import annotations

import pytest

from tests import loopback
from tests.e2e import aws, by_hand, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import held, level, run

pytestmark = pytest.mark.timeout(300)
# It knows nothing of PORT.
SOURCE = tiny.SOURCE.replace('os.environ["PORT"]', "sys.argv[1]").replace("json, os", "json, os, sys")


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    tiny.commit(checkout, SOURCE)
    named = f"  command: python -m ansari_whatsapp {checkout.ports['8001']}\n"
    checkout.edit("  on_unhealthy: rollback\n", f"  on_unhealthy: rollback\n{named}")
    run(checkout, "reconcile", "local")
    return checkout


def test_it_is_deployed_and_answers_at_its_address(released: Checkout) -> None:
    [listed] = aws.apprunner(released).list_services()["ServiceSummaryList"]
    image = by_hand.described(released, listed["ServiceArn"])["SourceConfiguration"]["ImageRepository"]
    assert image["ImageConfiguration"]["StartCommand"] == f"python -m ansari_whatsapp {released.ports['8001']}"
    assert held(released)["LOGGING_LEVEL"] == "DEBUG"
    assert "Nothing to do" in run(released, "plan", "local")
    assert "state      healthy" in run(released, "status", "local")


def test_another_release_takes_the_port_over(released: Checkout) -> None:
    level(released, "DEBUG", "INFO")
    run(released, "reconcile", "local")
    assert held(released)["LOGGING_LEVEL"] == "INFO"


def test_a_release_that_fails_leaves_the_one_before(released: Checkout) -> None:
    before = loopback.get(released.service).headers["X-App-Release"]
    tiny.commit(released, tiny.BROKEN)
    assert "a mistake at the start" in run(released, "reconcile", "local", code=5)
    assert loopback.get(released.service).headers["X-App-Release"] == before
    assert aws.operations(released)[0] == "UPDATE_SERVICE ROLLBACK_SUCCEEDED"
