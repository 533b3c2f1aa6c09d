"""An operator replays what was given up in a table, also while no instance runs."""

from __future__ import annotations

import asyncio
import json

import pytest
from botocore.session import Session

from ansari_whatsapp.inbox import Inbox, State
from ansari_whatsapp.inbox.dynamodb import DynamoInbox
from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.webhook import Message
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import run

pytestmark = pytest.mark.timeout(240)
TABLE = "ansari-local-whatsapp-inbox"
USER, QUESTION, KEY = "15557790002", "a question that nobody answers", "inbox-key-0123456789abcdef"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """A service with a table, and the real source in the checkout: its command reads the table."""
    tiny.commit(checkout)
    checkout.edit("\nprotect:", f"\ninbox: {{kind: dynamodb, table: {TABLE}}}\nprotect:")
    checkout.edit("\nvariables:\n", "\nvariables:\n  inbox-key: {kind: secret, generate: 32}\n")
    run(checkout, "reconcile", "local")
    checkout.git("checkout", "--quiet", "HEAD~1", "--", "ansari_whatsapp/__main__.py")
    return checkout


def inbox(checkout: Checkout, table: str = TABLE) -> Inbox:
    session, keys = Session(), checkout.keys
    session.set_credentials(keys.access_key, keys.secret_key)
    return DynamoInbox(Client("us-west-2", checkout.endpoint, session), table, KEY)


async def give_up(opened: Inbox, wamid: str) -> None:
    await opened.open()
    await opened.put([Message(wamid, USER, "text", QUESTION, None)])
    job = await opened.lease(2e9, 2e9 + 60)
    assert job is not None
    await opened.finish(job, State.FAILED)
    await opened.aclose()


def test_dead_letters_are_listed_and_replayed_without_the_service(world: Checkout) -> None:
    for number in (1, 2):
        asyncio.run(give_up(inbox(world), f"wamid.of-the-user-{number}"))
    run(world, "pause", "local")
    shown = [run(world, "inbox", "local"), run(world, "dead", "local"), run(world, "dead", "local", "--json")]
    assert shown[0].startswith("local: no message waits.\n2 messages were given up.")
    letters = json.loads(shown[2])["letters"]
    assert [letter["kind"] for letter in letters] == ["text", "text"]
    shown.append(run(world, "replay", "local", letters[0]["id"]))
    assert "1 message is queued again. The service does not answer now" in shown[-1]
    shown.append(run(world, "inbox", "local", "--json"))
    found = json.loads(shown[-1])
    assert (found["shared"], found["users"], found["messages"], found["given_up"]) == (True, 1, 1, 1)
    assert found["states"]["waiting"] == 1
    for text in shown:
        assert not any(hidden in text for hidden in (USER, QUESTION, "wamid", world.keys.secret_key))


def test_where_protect_confirm_is_set_a_replay_has_to_be_approved(world: Checkout) -> None:
    world.edit("confirm: false", "confirm: true")
    said = run(world, "replay", "local", "--all", code=4)
    [approval] = [line.split()[-1] for line in said.splitlines() if "--approve" in line]
    assert "1 message is queued again" in run(world, "replay", "local", "--all", "--approve", approval)
    assert json.loads(run(world, "inbox", "local", "--json"))["messages"] == 2


def test_a_table_that_was_deleted_is_said(world: Checkout) -> None:
    aws.client(world, "dynamodb").delete_table(TableName=TABLE)
    said = run(world, "dead", "local", code=3)
    assert f"there is no table at dynamodb://{TABLE}?region=us-west-2" in said
    assert "just reconcile local" in said
