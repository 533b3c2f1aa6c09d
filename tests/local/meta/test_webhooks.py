"""Webhooks: the envelope and its exact bytes, the signature, statuses, and redelivery."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest

SECRET = b"secret-of-the-app"
USER = "15551230000"


def test_a_message_arrives_in_metas_envelope(meta: Any) -> None:
    told = meta.say("hi", name="A")
    assert (told["delivered"], told["status"], told["error"]) == (True, 200, None)
    [webhook] = meta.receiver.webhooks
    payload = webhook.payload
    assert payload["object"] == "whatsapp_business_account"
    [change] = payload["entry"][0]["changes"]
    value = change["value"]
    assert change["field"] == "messages"
    assert value["messaging_product"] == "whatsapp"
    assert value["metadata"] == {"display_phone_number": "15550000001", "phone_number_id": "106540352242922"}
    [contact], [message] = value["contacts"], value["messages"]
    assert (contact["profile"], contact["wa_id"]) == ({"name": "A"}, USER)
    assert contact["user_id"] == message["from_user_id"]
    assert contact["user_id"].startswith("US.")
    assert (message["from"], message["id"], message["type"]) == (USER, told["wamid"], "text")
    assert message["text"] == {"body": "hi"}
    assert abs(int(message["timestamp"]) - time.time()) < 60


def test_the_signature_is_over_exactly_the_bytes(meta: Any) -> None:
    meta.say("سلام / é 😀 </script>")
    [webhook] = meta.receiver.webhooks
    expected = hmac.new(SECRET, webhook.body, hashlib.sha256).hexdigest()
    assert webhook.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert webhook.headers["User-Agent"] == "facebookexternalua"
    assert webhook.headers["Content-Type"] == "application/json"
    assert webhook.body.isascii()
    assert rb"\u0633\u0644\u0627\u0645 \/ \u00e9 \ud83d\ude00 <\/script>" in webhook.body
    assert meta.receiver.of("messages")[0]["text"]["body"] == "سلام / é 😀 </script>"


@pytest.mark.parametrize("signature", ["wrong", "missing"])
def test_a_bad_signature_can_be_sent(meta: Any, signature: str) -> None:
    meta.local.post("/_local/webhook", json={"value": {}, "signature": signature})
    [webhook] = meta.receiver.webhooks
    expected = "sha256=" + hmac.new(SECRET, webhook.body, hashlib.sha256).hexdigest()
    assert webhook.headers.get("X-Hub-Signature-256") != expected
    assert ("X-Hub-Signature-256" in webhook.headers) is (signature == "wrong")


def test_three_statuses_follow_a_message(meta: Any) -> None:
    meta.say()
    wamid = meta.send(biz_opaque_callback_data="job7:2").json()["messages"][0]["id"]
    meta.until(lambda: len(meta.receiver.of("statuses")) == 3)
    statuses = meta.receiver.of("statuses")
    assert [one["status"] for one in statuses] == ["sent", "delivered", "read"]
    assert {one["id"] for one in statuses} == {wamid}
    assert {one["recipient_id"] for one in statuses} == {USER}
    assert {one["biz_opaque_callback_data"] for one in statuses} == {"job7:2"}
    assert meta.chat()["messages"][1]["status"] == "read"


def test_statuses_can_come_in_another_order_or_not_at_all(meta: Any) -> None:
    meta.say()
    meta.faults(statuses_reversed={"times": 1}, no_statuses={"after": 1})
    meta.send()
    meta.until(lambda: len(meta.receiver.of("statuses")) == 3)
    assert [one["status"] for one in meta.receiver.of("statuses")] == ["read", "delivered", "sent"]
    meta.send()
    meta.until(lambda: meta.chat()["messages"][2]["status"] == "read")
    assert len(meta.receiver.of("statuses")) == 3


def test_a_message_can_fail_later(meta: Any) -> None:
    meta.say()
    meta.faults(failed_status={"code": 131026})
    assert meta.send().status_code == 200
    meta.until(lambda: meta.receiver.of("statuses"))
    [status] = meta.receiver.of("statuses")
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131026)
    assert status["errors"][0]["error_data"]["details"]
    assert meta.chat()["messages"][1]["status"] == "failed"


def test_after_the_window_a_message_fails(meta: Any) -> None:
    assert meta.send(to="15559990000").status_code == 200  # a user who never wrote
    meta.until(lambda: meta.receiver.of("statuses"))
    assert meta.receiver.of("statuses")[0]["errors"][0]["code"] == 131047
    meta.limits(window_seconds=0.05)
    meta.say()
    time.sleep(0.1)
    meta.send()
    meta.until(lambda: len(meta.receiver.of("statuses")) == 2)
    assert meta.receiver.of("statuses")[1]["errors"][0]["code"] == 131047
    meta.limits(window_seconds=None)
    meta.send()
    meta.until(lambda: len(meta.receiver.of("statuses")) == 5)


@pytest.mark.parametrize(
    ("trouble", "status", "words"), [(503, 503, "503"), ("cut", None, "broke"), ("hang", None, "no answer within 1 s")]
)
def test_what_is_not_taken_comes_again(meta: Any, trouble: int | str, status: int | None, words: str) -> None:
    meta.receiver.answers += [trouble, 500]
    told = meta.say("again")
    assert (told["delivered"], told["status"], told["redelivering"]) == (False, status, True)
    assert words in told["error"]
    meta.until(lambda: len(meta.receiver.webhooks) == 3)
    assert len({webhook.body for webhook in meta.receiver.webhooks}) == 1
    meta.until(lambda: meta.chat()["messages"][0]["status"] == "delivered")
    assert meta.record()["webhooks"]["redelivered"] == 2


def test_redelivery_ends_some_day(meta: Any) -> None:
    meta.receiver.answers += [500] * 10
    meta.say()
    meta.until(lambda: meta.record()["webhooks"].get("given_up") == 1)
    assert len(meta.receiver.webhooks) == 4  # and three further tries
    assert meta.chat()["messages"][0]["status"] == "undelivered"


def test_nobody_listens(lonely_meta: Any) -> None:
    told = lonely_meta.say()
    assert (told["delivered"], told["status"]) == (False, None)
    assert told["error"] == "nothing listens at http://127.0.0.1:1/whatsapp/v2"
    assert lonely_meta.chat()["messages"][0]["status"] == "undelivered"


def test_duplicates(meta: Any) -> None:
    meta.say("twice", duplicate=2)
    assert len({webhook.body for webhook in meta.receiver.webhooks}) == 1
    assert len(meta.receiver.webhooks) == 3
    meta.faults(duplicate_webhooks={"copies": 1, "times": 1})
    meta.say("once more")
    assert len(meta.receiver.webhooks) == 5
    assert len(meta.chat()["messages"]) == 2


def test_a_message_can_be_said_again_under_its_id_and_be_old(meta: Any) -> None:
    first = meta.say("again", age=90_000)
    assert meta.say("again", wamid=first["wamid"])["wamid"] == first["wamid"]
    old, new = meta.receiver.of("messages")
    assert old["id"] == new["id"]
    assert int(new["timestamp"]) - int(old["timestamp"]) >= 89_999
    assert len(meta.chat()["messages"]) == 1


def test_a_reply_quotes(meta: Any) -> None:
    first = meta.say()["wamid"]
    meta.say("about that", reply_to=first)
    assert meta.receiver.of("messages")[1]["context"]["id"] == first


@pytest.mark.parametrize(
    "message",
    [
        {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "sha256": "x", "caption": "c"}},
        {"type": "reaction", "reaction": {"message_id": "wamid.X"}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "A"}}]},
        {"type": "unsupported", "errors": [{"code": 131051, "title": "t", "message": "m"}]},
    ],
)
def test_a_message_of_any_type(meta: Any, message: dict[str, Any]) -> None:
    answer = meta.local.post("/_local/webhook", json={"message": message})
    assert answer.json()["delivered"] is True
    [sent] = meta.receiver.of("messages")
    assert {key: sent[key] for key in message} == message
    assert (sent["from"], sent["id"]) == (USER, answer.json()["wamid"])
    assert meta.chat()["messages"][0]["type"] == message["type"]
    assert meta.mark(sent["id"]).status_code == 200


def test_a_batch_is_sent_as_given_and_shown(meta: Any) -> None:
    messages = [
        {"from": USER, "id": f"wamid.B{n}", "timestamp": "1", "type": "text", "text": {"body": f"{n}"}}
        for n in (1, 2, 2)
    ]
    changes = [{"field": "messages", "value": {"messages": [message]}} for message in messages]
    payload = {"object": "whatsapp_business_account", "entry": [{"id": "a", "changes": changes}, {"id": "b"}]}
    meta.local.post("/_local/webhook", json={"payload": payload})
    assert meta.receiver.webhooks[0].payload == payload
    meta.local.post("/_local/webhook", json={"changes": changes})
    assert meta.receiver.webhooks[1].payload["entry"][0]["changes"] == changes
    assert [one["text"] for one in meta.chat()["messages"]] == ["1", "2"]


def test_other_fields_have_no_metadata(meta: Any) -> None:
    meta.local.post("/_local/webhook", json={"value": {"event": "x"}, "field": "account_update"})
    assert meta.receiver.webhooks[0].values == [{"event": "x"}]
    meta.local.post("/_local/webhook", json={"value": {"errors": []}})
    assert meta.receiver.webhooks[1].values[0]["metadata"]["phone_number_id"] == "106540352242922"


def test_raw_bytes_are_signed_as_they_are(meta: Any) -> None:
    answer = meta.local.post("/_local/webhook", json={"raw": '{"object": "é", NaN'})
    assert answer.json()["status"] == 200
    [webhook] = meta.receiver.webhooks
    assert webhook.body == '{"object": "é", NaN'.encode()
    expected = hmac.new(SECRET, webhook.body, hashlib.sha256).hexdigest()
    assert webhook.headers["X-Hub-Signature-256"] == f"sha256={expected}"


def test_a_hand_made_webhook_comes_again_only_when_asked(meta: Any) -> None:
    meta.receiver.answers += [500, 500]
    assert meta.local.post("/_local/webhook", json={"value": {}}).json()["redelivering"] is False
    asked = {"value": {}, "redeliver": True}
    assert meta.local.post("/_local/webhook", json=asked).json()["redelivering"] is True
    meta.until(lambda: len(meta.receiver.webhooks) == 3)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("say", {}),
        ("say", {"text": " "}),
        ("say", {"text": "x", "from": "abc"}),
        ("say", {"text": "x", "loud": True}),
        ("say", {"text": "x", "duplicate": 1000}),
        ("say", {"text": "x", "age": "old"}),
        ("say", []),
        ("webhook", {}),
        ("webhook", {"value": {}, "raw": ""}),
        ("webhook", {"value": 3}),
        ("webhook", {"message": {"id": 3}}),
        ("webhook", {"value": {}, "signature": "forged"}),
    ],
)
def test_what_is_not_understood_is_refused_with_a_reason(meta: Any, path: str, body: object) -> None:
    answer = meta.local.post(f"/_local/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert meta.receiver.webhooks == []


def test_the_callback_proves_itself(meta: Any) -> None:
    asked = {"verify_token": "the-verify-token"}
    assert meta.local.post("/_local/verify", json=asked).json() == {"verified": True, "status": 200, "error": None}
    told = meta.local.post("/_local/verify", json={"verify_token": "wrong"}).json()
    assert (told["verified"], told["status"]) == (False, 403)


def test_a_large_payload_passes(meta: Any) -> None:
    raw = json.dumps({"object": "whatsapp_business_account", "entry": [], "filler": "x" * 3_000_000})
    assert meta.local.post("/_local/webhook", json={"raw": raw}).json()["delivered"] is True
    assert len(meta.receiver.webhooks[0].body) == len(raw)
