"""A manifest that names the network, observability and encryption, from the first deployment to a change by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e import aws, by_hand, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import level, run

pytestmark = pytest.mark.timeout(240)
TRACING = f"arn:aws:apprunner:us-west-2:000000000000:observabilityconfiguration/DefaultConfiguration/1/{1:032x}"
KEY = "arn:aws:kms:us-west-2:000000000000:key/01234567-89ab-cdef-0123-456789abcdef"


def service(checkout: Checkout) -> Any:
    [found] = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    return by_hand.described(checkout, found["ServiceArn"])


@pytest.fixture(scope="module")
def connected(checkout: Checkout) -> tuple[Checkout, str]:
    """The environment with all three, and the ARN of the VPC connector that its manifest names."""
    tiny.commit(checkout)
    made = aws.apprunner(checkout).create_vpc_connector(VpcConnectorName="to-vpc", Subnets=["subnet-1"])
    arn = made["VpcConnector"]["VpcConnectorArn"]
    named = (
        f'  network: {{egress: {{vpc_connector: "{arn}"}}, ip_address_type: dual-stack}}\n'
        f'  observability: {{configuration: "{TRACING}"}}\n'
        f'  encryption: {{kms_key: "{KEY}"}}\n'
    )
    checkout.edit("  on_unhealthy: rollback\n", f"  on_unhealthy: rollback\n{named}")
    run(checkout, "reconcile", "local")
    return checkout, arn


def blocks(connector: str) -> dict[str, Any]:
    return {
        "NetworkConfiguration": {
            "EgressConfiguration": {"EgressType": "VPC", "VpcConnectorArn": connector},
            "IngressConfiguration": {"IsPubliclyAccessible": True},
            "IpAddressType": "DUAL_STACK",
        },
        "ObservabilityConfiguration": {"ObservabilityEnabled": True, "ObservabilityConfigurationArn": TRACING},
        "EncryptionConfiguration": {"KmsKey": KEY},
    }


def test_they_are_deployed_and_nothing_is_left_to_do(connected: tuple[Checkout, str]) -> None:
    checkout, connector = connected
    wanted = blocks(connector)
    assert {block: service(checkout)[block] for block in wanted} == wanted
    assert "Nothing to do" in run(checkout, "plan", "local")
    assert "has not drifted" in run(checkout, "drift", "local", "--detailed-exitcode")


def test_another_release_keeps_them(connected: tuple[Checkout, str]) -> None:
    checkout, connector = connected
    level(checkout, "DEBUG", "INFO")
    run(checkout, "reconcile", "local")
    wanted = blocks(connector)
    assert {block: service(checkout)[block] for block in wanted} == wanted


def test_a_change_by_hand_is_shown_and_undone(connected: tuple[Checkout, str]) -> None:
    checkout, connector = connected
    arn = service(checkout)["ServiceArn"]
    aws.apprunner(checkout).update_service(
        ServiceArn=arn,
        NetworkConfiguration={"EgressConfiguration": {"EgressType": "DEFAULT"}, "IpAddressType": "IPV4"},
        ObservabilityConfiguration={"ObservabilityEnabled": False},
    )
    by_hand.wait(checkout, arn)
    said = run(checkout, "drift", "local")
    for named in ("network.egress", connector, "the public internet", "network.ip_address_type", "observability"):
        assert named in said
    run(checkout, "reconcile", "local")
    wanted = blocks(connector)
    assert {block: service(checkout)[block] for block in wanted} == wanted
    assert "has not drifted" in run(checkout, "drift", "local", "--detailed-exitcode")


def test_another_key_blocks(connected: tuple[Checkout, str]) -> None:
    checkout, _ = connected
    checkout.edit(KEY, KEY[:-1] + "0")
    said = checkout.deployer("plan", "local")
    checkout.edit(KEY[:-1] + "0", KEY)
    assert said.returncode == 3
    assert f"was created with encryption.kms_key {KEY}" in said.stdout + said.stderr


def test_a_connector_that_is_not_there_is_refused(connected: tuple[Checkout, str]) -> None:
    """App Runner's own words, before anything is deployed."""
    checkout, connector = connected
    before = service(checkout)
    checkout.edit(connector, connector[:-4] + "0000")
    said = run(checkout, "reconcile", "local", code=1)
    assert "There is no VPC connector" in said
    assert service(checkout) == before
    checkout.edit(connector[:-4] + "0000", connector)
    assert "Nothing to do" in run(checkout, "reconcile", "local")
