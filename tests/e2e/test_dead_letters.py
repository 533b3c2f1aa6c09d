"""An operator answers what the service gave up, where each instance keeps its inbox on its own disk."""

from __future__ import annotations

import json
import re

import pytest

from tests import loopback
from tests.e2e import aws
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import run

pytestmark = pytest.mark.timeout(240)
USER, QUESTION = "15557790001", "a question that nobody answers"
TOKEN = "/app-runtime/ansari-whatsapp/local/operator-token"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """A release without the operator's token."""
    checkout.edit("\nvariables:\n", '\nvariables:\n  tries: {kind: literal, value: "2"}\n')
    run(checkout, "reconcile", "local")
    return checkout


def faults(checkout: Checkout) -> str:
    return f"http://127.0.0.1:{checkout.ports['8000']}/_local/faults"


def test_without_the_token_the_fix_is_named(world: Checkout) -> None:
    said = run(world, "dead", "local", code=3)
    assert "has no operator-token, so the service does not report its inbox" in said
    assert "just add local operator-token --generate 32, then: just reconcile local" in said


def test_a_release_from_before_the_token_is_told_apart(world: Checkout) -> None:
    run(world, "add", "local", "operator-token", "--generate", "32")
    said = run(world, "inbox", "local", code=3)
    assert "operator-token is not set" in said
    assert "just secret set local operator-token, then: just reconcile local" in said
    run(world, "secret", "generate", "local", "operator-token")
    said = run(world, "inbox", "local", code=1)
    assert "the running release of local does not report its inbox" in said
    assert "just reconcile local" in said
    run(world, "reconcile", "local")
    assert run(world, "inbox", "local").startswith("local: no message waits.\nNo message was given up.\n")


def test_what_was_given_up_is_listed_and_answered_after_all(world: Checkout) -> None:
    secret = aws.ssm(world).get_parameter(Name=TOKEN, WithDecryption=True)["Parameter"]["Value"]
    bearer = world.keys.bearer
    loopback.put(faults(world), json={"empty_answer": {"user": USER}}, headers=bearer).raise_for_status()
    world.deployer("say", "local", "--from", USER, QUESTION)
    loopback.delete(faults(world), headers=bearer).raise_for_status()
    status = run(world, "status", "local")
    assert "list them: just dead local; answer them after all: just replay local --all" in status
    shown = [status, run(world, "inbox", "local"), run(world, "dead", "local"), run(world, "dead", "local", "--json")]
    assert "1 message was given up. List them: just dead local" in shown[1]
    [letter] = json.loads(shown[3])["letters"]
    assert re.search(rf"^{letter['id']}  .* ago \(.* UTC\)  text$", shown[2], re.MULTILINE)
    said = run(world, "replay", "local", "999", code=3)
    assert "local has no dead letter with this id; nothing was changed" in said
    shown += [said, run(world, "replay", "local", letter["id"])]
    assert "1 message is queued again. The service begins within 1 s. Watch it: just inbox local" in shown[-1]
    chat = f"http://127.0.0.1:{world.ports['8002']}/_local/chats/{USER}"

    def answers() -> list[str]:
        messages = loopback.get(chat, headers=bearer).json()["messages"]
        return [each["text"] for each in messages if each["sender"] == "service"]

    query: dict[str, str | int] = {"until": "answered", "wait": 20}
    loopback.get(chat, params=query, headers=bearer, timeout=30)
    for _ in range(200):
        if len(answers()) > 1:
            break
        loopback.get(f"{world.service}/ready")
    assert len(answers()) > 1
    assert "no message was given up" in run(world, "dead", "local")
    shown.append(run(world, "replay", "local", "--all"))
    assert "so there is nothing to replay" in shown[-1]
    for text in shown:
        assert not any(hidden in text for hidden in (USER, QUESTION, "wamid", secret))


def test_a_token_that_was_changed_needs_a_deployment(world: Checkout) -> None:
    aws.ssm(world).put_parameter(Name=TOKEN, Value="another-token-0123456789", Overwrite=True)
    said = run(world, "dead", "local", code=1)
    assert "the service of local refuses the operator's token" in said
    assert "another-token" not in said
    run(world, "reconcile", "local")
    run(world, "dead", "local")


def test_a_hold_by_hand_stops_a_replay_and_no_report(world: Checkout) -> None:
    run(world, "hold", "local", "--reason", "an incident")
    assert "is held; nothing was changed" in run(world, "replay", "local", "--all", code=4)
    run(world, "inbox", "local")
    [hold] = re.findall(r'"id": "([^"]+)"', run(world, "hold", "local", "--json"))
    run(world, "resume", "local", "--approve", hold)


def test_a_paused_service_reports_nothing(world: Checkout) -> None:
    run(world, "pause", "local")
    said = run(world, "dead", "local", code=3)
    assert "the service of local is PAUSED, and its inbox is on its instances" in said
    assert "just resume local" in said
