"""Every row of the backend's contract: statuses, bodies and surprises."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import loopback

PHONE = "15551230000"
ROUTES: list[tuple[str, str, dict[str, str] | None, dict[str, str] | None]] = [
    ("POST", "/whatsapp/v2/users/register", None, {"phone_num": PHONE, "preferred_language": "en"}),
    ("GET", "/whatsapp/v2/users/exists", {"phone_num": PHONE}, None),
    ("POST", "/whatsapp/v2/threads", None, {"phone_num": PHONE, "title": "t"}),
    ("GET", "/whatsapp/v2/threads/last", {"phone_num": PHONE}, None),
    ("GET", "/whatsapp/v2/threads/68f0c2a1d4e5f60718293a4b/history", {"phone_num": PHONE}, None),
    ("POST", "/whatsapp/v2/messages/process", None, {"phone_num": PHONE, "thread_id": "x", "message": "m"}),
]
every_route = pytest.mark.parametrize(("method", "path", "query", "body"), ROUTES)


def test_health_says_ok(backend: Any) -> None:
    answer = backend.bare.get("/")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


@every_route
def test_a_missing_key_is_400_with_what_is_missing(
    backend: Any, method: str, path: str, query: dict[str, str] | None, body: dict[str, str] | None
) -> None:
    answer = backend.bare.request(method, path, params=query, json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("[{'type': 'missing', 'loc': ('header', 'x-whatsapp-api-key')")


@every_route
@pytest.mark.parametrize("key", ["", "wrong", "schlüssel"])
def test_a_wrong_key_is_401(
    backend: Any, method: str, path: str, query: dict[str, str] | None, body: dict[str, str] | None, key: str
) -> None:
    headers = {"X-Whatsapp-Api-Key": key.encode()}
    answer = backend.bare.request(method, path, params=query, json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized: Invalid or missing API key"})
    assert "WWW-Authenticate" not in answer.headers


@every_route
def test_a_missing_argument_is_400(
    backend: Any, method: str, path: str, query: dict[str, str] | None, body: dict[str, str] | None
) -> None:
    answer = backend.client.request(method, path, params={} if query else None, json={} if body else None)
    assert answer.status_code == 400
    assert "'phone_num'" in answer.json()["detail"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"phone_num": 1, "title": "t"}'])
def test_a_wrong_body_is_400(backend: Any, raw: bytes) -> None:
    answer = backend.client.post("/whatsapp/v2/threads", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


def test_a_body_that_is_no_json_is_seen_before_the_key(backend: Any) -> None:
    headers = {"Content-Type": "application/json", "X-Whatsapp-Api-Key": "wrong"}
    assert backend.bare.post("/whatsapp/v2/threads", content=b"{", headers=headers).status_code == 400


def test_other_paths_and_methods_have_a_detail_too(backend: Any) -> None:
    assert backend.client.get("/nowhere").json() == {"detail": "Not Found"}
    assert backend.client.get("/whatsapp/v2/threads").json() == {"detail": "Method Not Allowed"}


def test_registering_answers_a_nested_status_and_no_id(backend: Any) -> None:
    assert backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE}).json() == {"exists": False}
    answer = backend.client.post("/whatsapp/v2/users/register", json={"phone_num": PHONE, "preferred_language": "ar"})
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "user_id": {"status": "success"}})
    assert backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE}).json() == {"exists": True}


def test_a_second_registration_is_taken_and_seen_in_the_record(backend: Any) -> None:
    backend.register()
    assert backend.record()["duplicate_users"] == []
    backend.register()
    assert backend.record()["duplicate_users"] == [PHONE]


def test_nobody_registered_has_no_threads(backend: Any) -> None:
    missing = (404, {"detail": "WhatsApp user not found"})
    for method, path, query, body in ROUTES[2:]:
        answer = backend.client.request(method, path, params=query, json=body)
        assert (answer.status_code, answer.json()) == missing


def test_a_user_without_threads_has_no_last_one(backend: Any) -> None:
    backend.register()
    answer = backend.client.get("/whatsapp/v2/threads/last", params={"phone_num": PHONE})
    assert answer.json() == {"thread_id": None, "last_message_time": None}


def test_a_thread_id_is_dated_by_its_first_eight_digits(backend: Any) -> None:
    backend.register()
    before = int(time.time())
    thread_id = backend.thread()
    assert re.fullmatch("[0-9a-f]{24}", thread_id)
    assert before <= int(thread_id[:8], 16) <= time.time()
    assert backend.thread() > thread_id


def test_the_last_thread_is_the_one_touched_last(backend: Any) -> None:
    backend.register()
    first, second = backend.thread(), backend.thread()

    def last() -> dict[str, str]:
        found = backend.client.get("/whatsapp/v2/threads/last", params={"phone_num": PHONE}).json()
        assert isinstance(found, dict)
        return found

    assert last()["thread_id"] == second
    backend.ask(first, "hello")
    assert last()["thread_id"] == first
    when = datetime.fromisoformat(last()["last_message_time"])
    assert when.tzinfo is not None
    assert abs((datetime.now(UTC) - when).total_seconds()) < 60
    assert last()["last_message_time"].endswith("+00:00")


def test_history_tells_both_turns(backend: Any) -> None:
    backend.register()
    thread_id = backend.thread(title="ruling on travel")
    answer = backend.ask(thread_id, "What is the ruling on travel?")
    path = f"/whatsapp/v2/threads/{thread_id}/history"
    history = backend.client.get(path, params={"phone_num": PHONE}).json()
    assert history["thread_name"] == "ruling on travel"
    assert [(turn["role"], turn["content"]) for turn in history["messages"]] == [
        ("user", "What is the ruling on travel?"),
        ("assistant", answer.text),
    ]
    assert all(re.fullmatch("[0-9a-f]{24}", turn["id"]) for turn in history["messages"])


@pytest.mark.parametrize("thread_id", ["68f0c2a1d4e5f60718293a4b", "None", "no-id"])
def test_a_thread_that_is_not_there(backend: Any, thread_id: str) -> None:
    backend.register()
    path = f"/whatsapp/v2/threads/{thread_id}/history"
    history = backend.client.get(path, params={"phone_num": PHONE})
    assert (history.status_code, history.json()) == (404, {"detail": "Thread not found or access denied"})
    answer = backend.ask(thread_id, "hello")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Thread not found"})


def test_a_thread_belongs_to_its_user(backend: Any) -> None:
    backend.register()
    backend.register("15551239999")
    assert backend.ask(backend.thread(), "hello", phone="15551239999").status_code == 404


def test_an_answer_is_a_chunked_stream_without_a_type(backend: Any) -> None:
    backend.register()
    thread_id = backend.thread()
    body = backend.question(thread_id, "What is Ansari?")
    with backend.client.stream("POST", "/whatsapp/v2/messages/process", json=body) as answer:
        chunks = list(answer.iter_raw())
    assert answer.status_code == 200
    assert "Content-Type" not in answer.headers
    assert answer.headers["Transfer-Encoding"] == "chunked"
    text = b"".join(chunks).decode()
    assert "**Ansari** is an assistant" in text
    assert " [1] " in text
    assert "\n\n**Citations**:\n[1] Quran 21:7:\n Arabic: " in text


def test_the_record_counts_how_often_a_message_was_processed(backend: Any) -> None:
    backend.register()
    thread_id = backend.thread()
    for message in ("one", "two", "two"):
        backend.ask(thread_id, message)
    assert backend.record()["threads"][thread_id]["messages"] == [
        {"message": "one", "count": 1, "answered": 1},
        {"message": "two", "count": 2, "answered": 2},
    ]


def test_a_client_that_leaves_gets_no_stored_answer(backend: Any) -> None:
    backend.register()
    thread_id = backend.thread()
    backend.faults(chunk_delay={"seconds": 0.02})
    with backend.client.stream(
        "POST", "/whatsapp/v2/messages/process", json=backend.question(thread_id, "a long one")
    ) as answer:
        next(answer.iter_raw())
    end = time.monotonic() + 5
    while time.monotonic() < end and backend.record()["threads"][thread_id]["messages"][0]["answered"]:
        time.sleep(0.02)
    assert [turn["role"] for turn in backend.history(thread_id)] == ["user"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_other_origins_are_kept_out(backend: Any, headers: dict[str, str]) -> None:
    assert loopback.get(f"{backend.url}/_local/record", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer guess"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/_local/record"), ("GET", "/_local/faults"), ("PUT", "/_local/faults"), ("DELETE", "/_local/faults")],
)
def test_a_control_route_takes_the_token(backend: Any, method: str, path: str, headers: dict[str, str]) -> None:
    assert backend.bare.request(method, path, headers=headers, json={}).status_code == 401
