"""The shared inbox: a table that is created, kept as the manifest declares, and deleted only when it is empty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.timeout(240)
TABLE, NAME = "ansari-local-whatsapp-inbox", "ansari-local-whatsapp"
SECTION = f"inbox: {{kind: dynamodb, table: {TABLE}, deletion_protection: true}}\n"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """A service whose manifest has an inbox."""
    tiny.commit(checkout)
    checkout.edit("\nprotect:", f"\n{SECTION}protect:")
    checkout.edit("\nvariables:\n", "\nvariables:\n  inbox-key: {kind: secret, generate: 32}\n")
    return checkout


def run(checkout: Checkout, *words: str, code: int = 0) -> str:
    done = checkout.deployer(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def dynamodb(checkout: Checkout) -> DynamoDBClient:
    return aws.client(checkout, "dynamodb")  # type: ignore[no-any-return]


def described(checkout: Checkout) -> dict[str, Any]:
    return dict(dynamodb(checkout).describe_table(TableName=TABLE)["Table"])


def expiry(checkout: Checkout) -> dict[str, Any]:
    return dict(dynamodb(checkout).describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"])


def recovers(checkout: Checkout) -> bool:
    found = dynamodb(checkout).describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
    return found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_reconcile_creates_the_table_before_the_service_that_uses_it(world: Checkout) -> None:
    said = run(world, "reconcile", "local")
    assert said.index(f"+ table {TABLE}") < said.index(f"+ {NAME}")
    table = described(world)
    assert (table["TableStatus"], table["DeletionProtectionEnabled"]) == ("ACTIVE", True)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert expiry(world) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "gone"}
    held = loopback.get(f"{world.service}/").json()
    assert held["INBOX_URL"] == f"dynamodb://{TABLE}?region=us-west-2"
    policies: Any = aws.iam(world).get_role_policy(
        RoleName="CustomAppRunnerInstanceRole", PolicyName="ansari-whatsapp-local"
    )["PolicyDocument"]
    [allowed] = [one for one in policies["Statement"] if "dynamodb:PutItem" in one["Action"]]
    assert allowed["Resource"] == [table["TableArn"], f"{table['TableArn']}/index/due"]
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_what_someone_changes_is_drift_and_is_changed_back(world: Checkout) -> None:
    client = dynamodb(world)
    off = {"AttributeName": "gone", "Enabled": False}
    client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=off)  # type: ignore[arg-type]
    client.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.update_table(TableName=TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    found = json.loads(world.deployer("drift", "local", "--json").stdout)
    assert {one["kind"] for one in found["drift"] if one["address"] == f"table {TABLE}"} == {
        "deletion protection",
        "stream",
        "point-in-time recovery",
        "expiry",
    }
    said = run(world, "reconcile", "local")
    assert "No deployment" in said
    table = described(world)
    assert table["DeletionProtectionEnabled"] is True
    assert "StreamSpecification" not in table
    assert expiry(world)["TimeToLiveStatus"] == "ENABLED"
    assert not recovers(world)
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_a_table_that_was_deleted_is_created_again(world: Checkout) -> None:
    client = dynamodb(world)
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    client.delete_table(TableName=TABLE)
    assert "drift: removed outside the deployer" in run(world, "plan", "local")
    run(world, "reconcile", "local")
    assert described(world)["TableStatus"] == "ACTIVE"


def test_it_is_not_destroyed_while_messages_wait(world: Checkout) -> None:
    client = dynamodb(world)
    key = {"pk": {"S": "a-user"}, "sk": {"S": "box"}}
    client.put_item(
        TableName=TABLE,
        Item={**key, "lane": {"S": "w2"}, "due": {"N": "1"}, "since": {"N": "1"}},
    )
    said = run(world, "destroy", "local", "--approve", NAME, code=4)
    assert f"messages of 1 user wait in table {TABLE}; nothing was deleted" in said
    assert loopback.get(f"{world.service}/").status_code == 200
    client.delete_item(TableName=TABLE, Key=key)


def test_it_is_destroyed_with_the_environment_although_it_is_protected(world: Checkout) -> None:
    said = run(world, "destroy", "local", "--approve", NAME)
    assert f"- table       {TABLE}   with every message in it; this cannot be undone" in said
    assert dynamodb(world).list_tables()["TableNames"] == []
    assert run(world, "destroy", "local").startswith("Nothing is left to delete.")
