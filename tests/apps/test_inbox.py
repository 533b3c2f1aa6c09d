"""What deployer.yaml says of the inbox is what the service uses: the two packages do not import each other."""

from __future__ import annotations

import re

from policy_sentry.querying.actions import get_action_data

from ansari_whatsapp.inbox.dynamodb import names, table
from deployer.apps.app import Inbox
from deployer.apps.project_file import read_app
from deployer.core.desired import DesiredImage
from deployer.manifest.load import parse
from deployer.resources.desired import desired_state
from deployer.resources.dynamodb_table import api
from deployer.resources.dynamodb_table.desired import table_of
from deployer.resources.dynamodb_table.state import DesiredTable
from deployer.targets.apprunner.description import APP_RUNNER
from tests.samples import ROOT, sample_path, sample_text

SECTION = "inbox: {kind: dynamodb, table: an-inbox}"


def inbox() -> Inbox:
    found = read_app(ROOT).inbox
    assert found is not None
    return found


def desired() -> DesiredTable:
    text = sample_text("staging").replace("\nprotect:", f"\n{SECTION}\nprotect:")
    loaded = parse(text.encode(), sample_path("staging"), read_app(ROOT))
    found = table_of(desired_state(loaded, DesiredImage("", "", None, 1), APP_RUNNER))
    assert found is not None
    return found


def test_the_table_that_is_created_is_the_one_that_the_service_defines() -> None:
    request = api.request_to_create(desired())
    defined = table.definition("an-inbox")
    assert {key: value for key, value in request.items() if key in defined} == defined
    assert desired().expires == table.EXPIRES


def test_every_lane_of_waiting_messages_is_counted() -> None:
    waiting = inbox().waiting
    assert waiting is not None
    assert waiting.partitions == names.lanes()
    [index] = table.definition("any")["GlobalSecondaryIndexes"]
    assert waiting.attribute in index["Projection"]["NonKeyAttributes"]


def test_the_role_allows_the_calls_that_the_service_makes() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "ansari_whatsapp" / "inbox" / "dynamodb").glob("*.py"))
    known = {f"dynamodb:{name}" for name in re.findall(r'"((?:[A-Z][a-z]+)+)"', sources)}
    made = {action for action in known if get_action_data("dynamodb", action.partition(":")[2])}
    assert made == {*inbox().actions}
