"""The Graph API: what is taken, what is refused and with which code, and the limits of speed."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from deployer.local.meta.errors import CODES

NUMBER = "106540352242922"
PATH = f"/v26.0/{NUMBER}/messages"


def error_of(answer: httpx.Response) -> dict[str, Any]:
    error = answer.json()["error"]
    assert isinstance(error, dict)
    return error


def test_a_text_is_taken_and_shown(meta: Any) -> None:
    asked = meta.say()
    answer = meta.send(context={"message_id": asked["wamid"]}, biz_opaque_callback_data="job7:1")
    assert answer.status_code == 200
    assert answer.headers["X-FB-Trace-ID"]
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": "15551230000", "wa_id": "15551230000"}]
    [part] = [one for one in meta.chat()["messages"] if one["sender"] == "service"]
    assert part["wamid"] == body["messages"][0]["id"]
    assert (part["text"], part["context"], part["tag"]) == ("an answer", asked["wamid"], "job7:1")


@pytest.mark.parametrize("to", ["+1 555 123 0000", "1-555-123-0000", "+1 (555) 123.0000"])
def test_a_number_may_be_written_for_people(meta: Any, to: str) -> None:
    assert meta.send(to=to).json()["contacts"] == [{"input": to, "wa_id": "15551230000"}]


def test_a_user_without_a_number_is_reached_by_the_scoped_id(meta: Any) -> None:
    asked = meta.say(hide_phone=True)
    [message] = meta.receiver.of("messages")
    assert "from" not in message
    [contact] = meta.receiver.of("contacts")
    assert "wa_id" not in contact
    assert contact["profile"]["username"]
    answer = meta.send(to=None, recipient=message["from_user_id"])
    assert answer.status_code == 200
    assert meta.chat()["answer"] == {"to": asked["wamid"], "parts": 1, "complete": False}


def test_the_number_wins_where_both_are_given(meta: Any) -> None:
    assert meta.send(to="15559990000", recipient="US.123").json()["contacts"][0]["wa_id"] == "15559990000"


@pytest.mark.parametrize("length", [4096, 1])
def test_the_longest_and_the_shortest_text(meta: Any, length: int) -> None:
    assert meta.send(text={"body": "x" * length, "preview_url": False}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"messaging_product": None}, 100, "messaging_product is required"),
        ({"to": None}, 100, "parameter to is required"),
        ({"to": "nobody"}, 131009, "not valid"),
        ({"to": 15551230000}, 131009, "not valid"),
        ({"to": None, "recipient": "no id"}, 131009, "not valid"),
        ({"to": None, "recipient": "US.1"}, 131026, "undeliverable"),
        ({"recipient_type": "group"}, 100, "Invalid parameter"),
        ({"text": None}, 131008, "missing"),
        ({"text": "an answer"}, 100, "Invalid parameter"),
        ({"text": {"body": " \n\t"}}, 100, "text['body'] is required"),
        ({"text": {"body": 3}}, 100, "text['body'] is required"),
        ({"text": {"body": "x" * 4097}}, 100, "Invalid parameter"),
        ({"text": {"body": "😀" * 2049}}, 100, "Invalid parameter"),
        ({"text": {"body": "x", "preview_url": "no"}}, 100, "Invalid parameter"),
        ({"text": {"body": "x", "bold": True}}, 100, "Invalid parameter"),
        ({"type": "hologram"}, 131051, "Unsupported"),
        ({"context": {"message_id": "nonsense"}}, 131009, "not valid"),
        ({"context": {}}, 131009, "not valid"),
        ({"biz_opaque_callback_data": "x" * 513}, 100, "Invalid parameter"),
        ({"to": "15550000001"}, 131021, "Recipient cannot be sender"),
    ],
)
def test_what_is_wrong_with_a_message(meta: Any, body: dict[str, Any], code: int, words: str) -> None:
    answer = meta.send(**body)
    error = error_of(answer)
    assert (error["code"], error["type"]) == (code, "OAuthException")
    assert words in error["message"]
    assert error["fbtrace_id"] == answer.headers["X-FB-Trace-ID"]
    assert answer.status_code == CODES[code].status
    assert meta.record()["refused"] == {str(code): 1}
    assert meta.record()["accepted"] == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_object(meta: Any, raw: bytes) -> None:
    answer = meta.graph.post(PATH, content=raw)
    assert (answer.status_code, error_of(answer)["code"]) == (400, 100)


def test_too_long_is_explained(meta: Any) -> None:
    error = error_of(meta.send(text={"body": "x" * 4097}))
    assert error["error_data"] == {
        "messaging_product": "whatsapp",
        "details": "Param text['body'] must be at most 4096 characters long.",
    }


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic abc", "Bearer schlüssel"])
def test_the_token_is_needed(meta: Any, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    answer = meta.local.post(PATH, json={}, headers=headers)
    assert (answer.status_code, error_of(answer)["code"]) == (401, 190)


def test_another_number_is_not_ours(meta: Any) -> None:
    answer = meta.graph.post("/v26.0/999999999999999/messages", json={})
    assert answer.status_code == 400
    assert (error_of(answer)["code"], error_of(answer)["error_subcode"]) == (100, 33)


def test_a_version_is_needed(meta: Any) -> None:
    answer = meta.graph.post(f"/latest/{NUMBER}/messages", json={})
    assert answer.status_code == 400
    assert "Unknown path components" in error_of(answer)["message"]


def test_reading_marks_earlier_messages_too_and_shows_the_typing_bubble(meta: Any) -> None:
    meta.say("one")
    second = meta.say("two")["wamid"]
    meta.say("three")
    assert meta.mark(second).json() == {"success": True}
    view = meta.chat()
    assert [one["status"] for one in view["messages"]] == ["read", "read", "delivered"]
    assert view["typing"] is False
    assert meta.mark(second, typing_indicator={"type": "text"}).json() == {"success": True}
    assert meta.chat()["typing"] is True
    meta.send()
    assert meta.chat()["typing"] is False
    assert (meta.record()["typing"], meta.record()["read"]) == (1, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"typing_indicator": {"type": "audio"}}, 100),
        ({"status": "delivered"}, 100),
        ({"message_id": ""}, 100),
        ({"message_id": "wamid.unknown"}, 131009),
    ],
)
def test_what_is_wrong_with_a_read_mark(meta: Any, body: dict[str, Any], code: int) -> None:
    wamid = meta.say()["wamid"]
    assert error_of(meta.mark(wamid, **body))["code"] == code


def test_one_user_gets_45_messages_at_once_and_no_more(meta: Any) -> None:
    meta.limits(throughput=None)
    statuses = [meta.send().status_code for _ in range(47)]
    assert statuses == [200] * 45 + [400] * 2
    assert error_of(meta.send())["code"] == 131056
    assert meta.send(to="15559990000").status_code == 200
    meta.limits(pair=False)
    assert meta.send().status_code == 200


def test_the_number_sends_no_faster_than_its_throughput(meta: Any) -> None:
    meta.limits(throughput=3, pair=False)
    meta.say()
    codes = [meta.send().status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert meta.record()["refused"] == {"130429": 1}
    meta.until(lambda: meta.send().status_code == 200)


@pytest.mark.parametrize("limits", [{"speed": 1}, {"pair": 1}, {"throughput": 0}, {"window_seconds": "x"}, []])
def test_limits_that_make_no_sense_are_refused(meta: Any, limits: object) -> None:
    answer = meta.local.put("/_local/limits", json=limits)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert meta.local.get("/_local/limits").json() == {"pair": True, "throughput": 80, "window_seconds": 86400}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_can_be_asked_for(meta: Any, code: int) -> None:
    meta.faults(error={"code": code, "times": 1})
    answer = meta.send()
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (CODES[code].status, code)
    assert set(error) <= {"message", "type", "code", "is_transient", "error_data", "fbtrace_id"}
    assert meta.send().status_code == 200


def test_a_code_can_come_with_another_status(meta: Any) -> None:
    meta.faults(error={"code": 131056, "status": 429})
    assert meta.send().status_code == 429


def test_a_fault_can_be_for_one_user_or_one_kind(meta: Any) -> None:
    wamid = meta.say()["wamid"]
    meta.faults(error=[{"code": 131056, "user": "15559990000"}, {"code": 4, "kind": "read"}])
    assert meta.send().status_code == 200
    assert error_of(meta.send(to="15559990000"))["code"] == 131056
    assert error_of(meta.mark(wamid))["code"] == 4


def test_a_fault_can_begin_later(meta: Any) -> None:
    meta.faults(error={"code": 131000, "after": 1, "times": 1})
    assert [meta.send().status_code for _ in range(3)] == [200, 500, 200]


def test_the_token_can_be_revoked_and_given_back(meta: Any) -> None:
    meta.faults(token_revoked=True)
    answer = meta.send()
    assert (answer.status_code, error_of(answer)["code"]) == (401, 190)
    meta.faults()
    assert meta.send().status_code == 200


def test_a_reset_takes_nothing(meta: Any) -> None:
    meta.faults(reset={"times": 1})
    with pytest.raises(httpx.TransportError):
        meta.send()
    assert meta.record()["accepted"] == 0


def test_a_dropped_answer_hides_an_accepted_message(meta: Any) -> None:
    meta.say()
    meta.faults(accept_and_drop={"times": 1})
    with pytest.raises(httpx.TransportError):
        meta.send(biz_opaque_callback_data="job:1")
    assert meta.record()["accepted"] == 1
    meta.until(lambda: [one["status"] for one in meta.receiver.of("statuses")] == ["sent", "delivered", "read"])
    meta.send(biz_opaque_callback_data="job:1")
    assert meta.record()["repeated_tags"] == {"job:1": 2}


def test_latency_holds_the_answer_back(meta: Any) -> None:
    meta.faults(latency={"seconds": 30})
    with pytest.raises(httpx.ReadTimeout):
        meta.graph.post(
            PATH,
            json={"messaging_product": "whatsapp", "to": "15551230000", "text": {"body": "x"}},
            timeout=0.3,
        )
    assert meta.record()["accepted"] == 0


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"nonsense": True}, "there is no switch"),
        ({"error": True}, "code is missing"),
        ({"error": {"code": 12345}}, "error.code must be one of"),
        ({"error": {"code": 4, "whom": "all"}}, "there is no setting 'whom'"),
        ({"error": {"code": 4, "times": 0}}, "error.times must be"),
    ],
)
def test_faults_that_are_not_known_are_refused(meta: Any, document: object, reason: str) -> None:
    answer = meta.local.put("/_local/faults", json=document)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert meta.local.put("/_local/faults", content=b"{").status_code == 400


def test_wamids_look_like_whatsapps(meta: Any) -> None:
    ids = [meta.send().json()["messages"][0]["id"] for _ in range(3)] + [meta.say()["wamid"]]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"wamid\.HBgL[A-Za-z0-9+/]+=*", one) for one in ids), ids


def test_secrets_are_on_no_page_and_in_no_answer(meta: Any) -> None:
    meta.say()
    meta.send()
    paths = ["/", "/_local/about", "/_local/record", "/_local/chats", "/_local/chats/15551230000", "/_local/faults"]
    everything = "".join(meta.local.get(path).text for path in paths)
    everything += json.dumps(meta.local.post(PATH, json={}, headers={"Authorization": "Bearer wrong"}).json())
    assert "secret-of-the-app" not in everything
    assert "EAAtoken" not in everything
