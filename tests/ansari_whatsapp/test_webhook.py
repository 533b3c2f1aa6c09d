from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp.webhook import LONGEST_TEXT, Batch, Message, Status, decode, parse
from tests.ansari_whatsapp.world import NUMBER, envelope, text, value

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def parsed(*values: dict[str, Any]) -> Batch:
    return parse(json.loads(envelope(*values)), NUMBER)


def test_a_text() -> None:
    message = {"from": "15551230000", "id": "w", "timestamp": "1764000000", "type": "text", "text": {"body": "hi"}}
    assert parsed(value(message)).messages == (Message("w", "15551230000", "text", "hi", 1764000000),)


def test_messages_statuses_and_errors_together() -> None:
    status = {"id": "s", "status": "failed", "errors": [{"code": 131047}], "biz_opaque_callback_data": "job:2"}
    batch = parsed(value(text("a", "1"), statuses=[status, {"id": 5}], errors=[{"code": 1}]))
    assert [message.text for message in batch.messages] == ["a"]
    assert batch.statuses == (Status("s", "failed", "job:2", 131047),)
    assert batch.ignored == 1
    assert batch.errors == (1,)


def test_trouble_with_the_account_comes_alone() -> None:
    batch = parsed({"errors": [{"code": 131000, "title": "x"}, {}]}, value(number="999", errors=[{"code": 2}]))
    assert (batch.errors, batch.messages) == ((131000, None), ())


def test_a_repeated_wamid_counts_once_and_another_number_not_at_all() -> None:
    batch = parsed(value(text("a", "1"), text("b", "1")), value(text("c", "2"), number="999"), value(text("d", "3")))
    assert [message.text for message in batch.messages] == ["a", "d"]


@pytest.mark.parametrize(
    ("edit", "edited"),
    [
        (
            {"original_message_id": "w1", "message": {"type": "text", "text": {"body": "new"}}},
            (("15551230000", "w1", "new"),),
        ),
        ({"original_message_id": "w1", "message": {"type": "image", "image": {"caption": "new"}}}, ()),
        ({"original_message_id": 1, "message": {"type": "text", "text": {"body": "new"}}}, ()),
        ({"original_message_id": "w1", "message": "new"}, ()),
        ({"original_message_id": "w1"}, ()),
        ("w1", ()),
    ],
)
def test_an_edit_names_the_message_and_its_new_text(edit: object, edited: tuple[tuple[str, str, str], ...]) -> None:
    batch = parsed(value({"from": "15551230000", "id": "w2", "type": "edit", "edit": edit}))
    assert batch.edited == edited
    assert batch.messages == (Message("w2", "15551230000", "edit", None, None),)


@pytest.mark.parametrize(
    ("sender", "user"),
    [
        ({"from": "15551230000", "from_user_id": "US.1a2b"}, "15551230000"),
        ({"from_user_id": "US.1a2b"}, "US.1a2b"),
        ({"from": "", "from_user_id": "US.1a2b"}, "US.1a2b"),
        ({"from": "+1555"}, None),
        ({"from": "1' or '1"}, None),
        ({"from": 15551230000}, None),
        ({"from": "١٢٣٤٥٦"}, None),
        ({}, None),
    ],
)
def test_who_wrote(sender: dict[str, Any], user: str | None) -> None:
    batch = parsed(value({**sender, "id": "1", "timestamp": "1", "type": "text", "text": {"body": "x"}}))
    assert [message.user for message in batch.messages] == ([user] if user else [])


@pytest.mark.parametrize(
    ("contacts", "user"),
    [
        ([{"user_id": "US.1a2b", "profile": {"username": "a.b"}}], "US.1a2b"),
        ([{"wa_id": "15551230000", "user_id": "US.1a2b"}], "15551230000"),
        ([{"user_id": "US.1a2b"}, {"user_id": "US.3c4d"}], None),
        ([{"user_id": 5}], None),
        ([[]], None),
        ({}, None),
    ],
)
def test_who_wrote_when_only_the_contact_says_so(contacts: object, user: str | None) -> None:
    message = {"id": "1", "timestamp": "1", "type": "text", "text": {"body": "x"}}
    batch = parsed(value(message, contacts=contacts))
    assert [message.user for message in batch.messages] == ([user] if user else [])


def test_a_group_is_not_answered() -> None:
    batch = parsed(value(text("to all", "1", group_id="G")))
    assert (batch.messages, batch.ignored) == ((), 1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'"caf\\u00e9"', "café"),
        (b'"half \\ud83d!"', "half \ud83d!"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\xff"', "\ufffd"),
        (b'\xef\xbb\xbf"x"', "x"),
    ],
)
def test_what_can_be_read_of_a_body_is_read(body: bytes, said: str) -> None:
    assert decode(body) == said


@given(st.binary(max_size=200))
def test_a_body_is_read_or_a_value_error(body: bytes) -> None:
    with suppress(ValueError):
        decode(body)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"9" * 5000])
def test_what_nobody_can_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)


def test_half_an_emoji_does_not_take_the_message_with_it() -> None:
    assert parsed(value(text("half \ud83d!", "1"))).messages[0].text == "half \ufffd!"
    assert parsed(value(text("whole \U0001f600", "1"))).messages[0].text == "whole 😀"


def test_an_endless_text_is_cut_where_it_shows() -> None:
    found = parsed(value(text("x" * 100_000, "1"))).messages[0].text
    assert found == "x" * (LONGEST_TEXT + 1)


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        ("1764000000", 1764000000),
        (1764000000, 1764000000),
        ("9" * 400, None),
        (10**400, None),
        ("-1", None),
        (-1, None),
        (True, None),
        (None, None),
    ],
)
def test_when(timestamp: object, seconds: int | None) -> None:
    message = {"from": "15551230000", "id": "1", "timestamp": timestamp, "type": "text", "text": {"body": "x"}}
    assert parsed(value(message)).messages[0].timestamp == seconds


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "text", "text": {"body": "a"}}, "a"),
        ({"type": "text", "text": {"body": 5}}, None),
        ({"type": "text"}, None),
        ({"type": "button", "button": {"payload": "p", "text": "b"}}, "b"),
        ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"title": "c"}}}, "c"),
        ({"type": "interactive"}, None),
        ({"type": "image", "image": {"id": "1", "caption": "look"}}, None),
        ({"type": "contacts", "contacts": [{}]}, None),
    ],
)
def test_what_was_said(message: dict[str, Any], said: str | None) -> None:
    assert parsed(value({"from": "15551230000", "id": "1", **message})).messages[0].text == said


@given(json_values)
def test_no_payload_raises(payload: object) -> None:
    assert parse(payload, NUMBER).messages == ()


@given(st.data())
def test_no_damage_to_a_real_payload_raises(data: st.DataObject) -> None:
    payload = json.loads(
        envelope(value(text("a", "1"), statuses=[{"id": "s", "status": "read"}]), value(text("b", "2")))
    )
    damaged = copy.deepcopy(payload)
    place: Any = damaged
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inside = place[key]
        if not isinstance(inside, dict | list) or not inside or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = inside
    found = parse(damaged, NUMBER)
    assert {m.wamid for m in found.messages} <= {"1", "2"} | {m.wamid for m in found.messages if m.wamid}
    assert len(found.messages) <= 2


def test_what_is_taken_back_is_named_by_a_wamid_or_not_at_all() -> None:
    taken_back = [
        {"from": "15551230000", "type": "revoke", "id": "w", "revoke": {"original_message_id": name}}
        for name in ("wamid.1", "\ud83d")
    ]
    assert parsed(value(*taken_back)).revoked == (("15551230000", "wamid.1"),)


@pytest.mark.parametrize(
    ("sender", "contacts", "user"),
    [
        ({"from": "15551230000"}, [], "15551230000"),
        ({"from_user_id": "US.1a2b"}, [], "US.1a2b"),
        ({}, [{"wa_id": "15551230000"}], "15551230000"),
        ({}, [{"wa_id": "15551230000"}, {"wa_id": "15551230001"}], None),
        ({"from": "+1555"}, [], None),
        ({}, [], None),
    ],
)
def test_a_message_is_changed_by_its_writer_only(
    sender: dict[str, Any], contacts: list[dict[str, Any]], user: str | None
) -> None:
    new = {"original_message_id": "w1", "message": {"type": "text", "text": {"body": "new"}}}
    edit = {**sender, "id": "w2", "type": "edit", "edit": new}
    revoke = {**sender, "id": "w3", "type": "revoke", "revoke": {"original_message_id": "w4"}}
    batch = parsed(value(edit, revoke, contacts=contacts))
    assert batch.edited == (((user, "w1", "new"),) if user else ())
    assert batch.revoked == (((user, "w4"),) if user else ())
    assert batch.ignored == (0 if user else 2)
