"""Chats: the long poll, when an answer is complete, and what is kept."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from deployer.errors import UsageError
from deployer.local.meta import MetaConfig
from deployer.local.meta.chats import MESSAGES_PER_CHAT, Chat, Chats, Message
from deployer.local.meta.limits import PAIR_BURST, PAIR_SECONDS, Meter

USER = "15551230000"


def test_a_chat_is_read_in_steps(meta: Any) -> None:
    meta.say("one")
    first = meta.chat()
    assert [one["text"] for one in first["messages"]] == ["one"]
    assert meta.chat(after=first["revision"])["messages"] == []
    meta.say("two")
    assert [one["text"] for one in meta.chat(after=first["revision"])["messages"]] == ["two"]
    assert [one["seq"] for one in meta.chat()["messages"]] == [1, 2]


def test_a_poll_waits_for_the_next_change(meta: Any) -> None:
    meta.say("one")
    revision = meta.chat()["revision"]
    seen: list[dict[str, Any]] = []
    poll = threading.Thread(target=lambda: seen.append(meta.chat(after=revision, wait=15)))
    poll.start()
    with httpx.Client(base_url=meta.url, headers=meta.local.headers) as other:
        other.post("/_local/say", json={"text": "two"})
    poll.join(10)
    assert [one["text"] for one in seen[0]["messages"]] == ["two"]


def test_a_poll_ends_without_a_change_too(meta: Any) -> None:
    meta.say("one")
    revision = meta.chat()["revision"]
    assert meta.chat(after=revision, wait=0.1)["revision"] == revision


def test_an_answer_is_complete_after_its_last_part_and_a_quiet_time(meta: Any) -> None:
    wamid = meta.say("a question")["wamid"]
    assert meta.chat()["answer"] == {"to": wamid, "parts": 0, "complete": False}
    meta.mark(wamid, typing_indicator={"type": "text"})
    meta.send(text={"body": "part 1"})
    meta.mark(wamid, typing_indicator={"type": "text"})
    assert meta.chat(wait=1.2, until="answered")["answer"] == {"to": wamid, "parts": 1, "complete": False}
    meta.send(text={"body": "part 2"})
    assert meta.chat()["answer"]["complete"] is False
    assert meta.chat(wait=15, until="answered")["answer"] == {"to": wamid, "parts": 2, "complete": True}


def test_parts_belong_to_the_message_they_answer(meta: Any) -> None:
    first = meta.say("one")["wamid"]
    second = meta.say("two")["wamid"]
    meta.send(context={"message_id": first}, biz_opaque_callback_data="0:job1")
    meta.send(biz_opaque_callback_data="1:job1")
    meta.send(biz_opaque_callback_data="0:job2")
    assert meta.chat(to=first)["answer"]["parts"] == 2
    assert meta.chat(to=second)["answer"]["parts"] == 1
    assert meta.chat(wait=15, until="answered", to=first)["answer"]["complete"] is True


def test_an_answer_belongs_to_the_message_that_typing_was_shown_for(meta: Any) -> None:
    """The user may have written again before the answer came."""
    first, second = meta.say("one")["wamid"], meta.say("two")["wamid"]
    for wamid, body in ((first, "to one"), (second, "to two")):
        meta.mark(wamid, typing_indicator={"type": "text"})
        meta.send(text={"body": body})
    answers = {one["text"]: one["answers"] for one in meta.chat()["messages"] if one["sender"] == "service"}
    assert answers == {"to one": first, "to two": second}


def test_all_chats_are_listed(meta: Any) -> None:
    meta.say("one")
    meta.say("two", **{"from": "15559990000", "name": "B"})
    assert [(chat["user"], chat["name"]) for chat in meta.local.get("/_local/chats").json()["chats"]] == [
        ("15559990000", "B"),
        (USER, "WhatsApp user"),
    ]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=nan", "until=later"])
def test_a_question_that_makes_no_sense(meta: Any, query: str) -> None:
    assert meta.local.get(f"/_local/chats/{USER}?{query}").status_code == 400


def test_a_chat_is_named_by_digits(meta: Any) -> None:
    assert meta.local.get("/_local/chats/someone").status_code == 400


@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"Origin": "https://rebound.example"}])
@pytest.mark.parametrize("path", ["/", "/_local/chats"])
def test_other_origins_are_kept_out(meta: Any, path: str, headers: dict[str, str]) -> None:
    assert meta.local.get(path, headers=headers).status_code == 403


def test_the_page_allows_only_its_own_script(meta: Any) -> None:
    answer = meta.local.get("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.text
    assert "innerHTML" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page
    assert "style=" not in page


def test_a_callback_elsewhere_is_refused() -> None:
    for url in ("https://graph.facebook.com/", "http://10.0.0.1/", "http://127.0.0.1.evil.example/", "http://[::1"):
        with pytest.raises(UsageError):
            MetaConfig(app_secret="s", access_token="t", phone_number_id="1", callback_url=url, control="c")


def test_a_config_shows_no_secret() -> None:
    config = MetaConfig(
        app_secret="very-secret",
        access_token="EAAvery",
        phone_number_id="106540",
        callback_url="http://127.0.0.1:1/",
        control="very-secret-token",
    )
    assert "secret'" not in repr(config)
    assert "EAAvery" not in repr(config)
    assert "very-secret" not in repr(config)


def test_old_messages_and_chats_make_room() -> None:
    async def fill() -> Chat:
        chat = Chats().of(USER)
        for n in range(MESSAGES_PER_CHAT + 5):
            chat.add(Message(wamid=f"wamid.{n}", sender="user", type="text", text="x", at=0, status="pending"))
        return chat

    chat = asyncio.run(fill())
    assert len(chat.messages) == MESSAGES_PER_CHAT
    assert next(iter(chat.messages)) == "wamid.5"


def test_a_pair_earns_one_message_every_six_seconds() -> None:
    meter, now = Meter(), 1_000.0
    for _ in range(PAIR_BURST):
        assert not meter.over_pair(USER, now)
        meter.count_pair(USER, now)
    assert meter.over_pair(USER, now)
    assert meter.over_pair(USER, now + PAIR_SECONDS - 0.1)
    assert not meter.over_pair(USER, now + PAIR_SECONDS)
    meter.count_pair(USER, now + PAIR_SECONDS)
    assert meter.over_pair(USER, now + PAIR_SECONDS)
    assert not meter.over_pair("15559990000", now)


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer guess"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_local/about"),
        ("POST", "/_local/say"),
        ("POST", "/_local/webhook"),
        ("POST", "/_local/verify"),
        ("GET", "/_local/chats"),
        ("GET", "/_local/chats/15551230000"),
        ("PUT", "/_local/limits"),
        ("GET", "/_local/record"),
        ("DELETE", "/_local/faults"),
        ("GET", "/%5flocal/chats"),
    ],
)
def test_a_control_route_takes_the_token(meta: Any, method: str, path: str, headers: dict[str, str]) -> None:
    assert meta.local.request(method, path, headers=headers, json={}).status_code == 401
