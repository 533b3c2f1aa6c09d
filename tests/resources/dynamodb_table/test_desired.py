"""What a manifest with an inbox asks for: a table, the variable with its address, and rights for the service."""

from __future__ import annotations

import pytest

from deployer.core.desired import Desired, DesiredImage
from deployer.manifest.load import parse
from deployer.resources.desired import desired_state
from deployer.resources.dynamodb_table.desired import inbox_of, table_of
from deployer.resources.dynamodb_table.state import Index, Key, Shape
from deployer.targets.apprunner.description import APP_RUNNER
from tests.samples import sample_path, sample_text

ARN = "arn:aws:dynamodb:us-west-2:123456789012:table/an-inbox"
ACTIONS = tuple(f"dynamodb:{name}" for name in ("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"))


def desired_from(section: str, environment: str = "staging", **edits: str) -> Desired:
    text = sample_text(environment).replace("\nprotect:", f"\n{section}\nprotect:")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    loaded = parse(text.encode(), sample_path(environment))
    return desired_state(loaded, DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)


def test_the_table_has_the_shape_that_deployer_yaml_describes() -> None:
    desired = desired_from("inbox: {kind: dynamodb, table: an-inbox}")
    table = table_of(desired)
    assert table is not None
    assert table.shape == Shape(
        (Key("pk"), Key("sk")), (Index("due", (Key("lane"), Key("due", "N")), include=("since",)),)
    )
    assert (table.name, table.expires, table.managed) == ("an-inbox", "gone", True)
    assert table.tags == {"managed-by": "deployer", "app": "ansari-whatsapp", "environment": "staging"}
    assert desired.plain["INBOX_URL"] == "dynamodb://an-inbox?region=us-west-2"


@pytest.mark.parametrize(
    ("environment", "keys", "protected"),
    [
        ("staging", "", False),
        ("production", "", True),
        ("staging", ", deletion_protection: true", True),
        ("production", ", deletion_protection: false", False),
    ],
)
def test_a_table_is_protected_where_its_environment_is(environment: str, keys: str, protected: bool) -> None:
    table = table_of(desired_from(f"inbox: {{kind: dynamodb, table: an-inbox{keys}}}", environment))
    assert table is not None
    assert table.deletion_protection is protected


def test_without_the_section_there_is_no_table_and_no_variable() -> None:
    desired = desired_from("")
    inbox = inbox_of(desired)
    assert inbox is not None
    assert inbox.table is None
    assert "INBOX_URL" not in desired.plain
    assert desired.grants == ()


@pytest.mark.parametrize("managed", ["true", "false"])
def test_the_containers_may_use_the_table_and_its_index_and_nothing_else_of_dynamodb(managed: str) -> None:
    desired = desired_from(f"inbox: {{kind: dynamodb, table: an-inbox, managed: {managed}}}")
    access, instance = APP_RUNNER.roles(desired)
    assert (ACTIONS, (ARN, f"{ARN}/index/due")) in instance.grants
    assert '"dynamodb:PutItem"' in repr(instance.policy).replace("'", '"')
    assert "dynamodb" not in repr(access)
