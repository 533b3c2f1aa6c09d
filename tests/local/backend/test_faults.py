"""Every switch that breaks the local backend does what it says, as often as it says, and to whom it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

PHONE, OTHER = "15551230000", "15551239999"


def ready(backend: Any) -> str:
    backend.register()
    thread_id = backend.thread()
    assert isinstance(thread_id, str)
    return thread_id


def received(backend: Any, thread_id: str, message: str = "a question") -> tuple[bytes, list[bytes]]:
    """What came before the connection broke, which it must."""
    chunks: list[bytes] = []
    body = backend.question(thread_id, message)
    with (
        pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),
        backend.client.stream("POST", "/whatsapp/v2/messages/process", json=body) as answer,
    ):
        chunks.extend(answer.iter_raw())
    return b"".join(chunks), chunks


def collect(backend: Any, thread_id: str, message: str = "a question") -> list[bytes]:
    body = backend.question(thread_id, message)
    with backend.client.stream("POST", "/whatsapp/v2/messages/process", json=body) as answer:
        return list(answer.iter_raw())


@pytest.mark.parametrize("name", ["headers_delay", "first_chunk_delay", "chunk_delay", "stall"])
def test_delays_hold_the_answer_back(backend: Any, name: str) -> None:
    thread_id = ready(backend)
    extra = {"after_bytes": 10} if name == "stall" else {}
    backend.faults(**{name: {"seconds": 30, **extra}})
    with pytest.raises(httpx.ReadTimeout):
        backend.client.post("/whatsapp/v2/messages/process", json=backend.question(thread_id, "hello"), timeout=0.3)
    assert backend.history(thread_id)[1:] == [] if name != "headers_delay" else True


def test_headers_leave_before_the_first_words(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(first_chunk_delay={"seconds": 30})
    body = backend.question(thread_id, "hello")
    with backend.client.stream("POST", "/whatsapp/v2/messages/process", json=body) as answer:
        assert answer.status_code == 200


def test_a_small_delay_passes_and_changes_nothing(backend: Any) -> None:
    thread_id = ready(backend)
    plain = backend.ask(thread_id, "hello").text
    backend.faults(stall={"seconds": 0.05, "after_bytes": 40}, first_chunk_delay={"seconds": 0.05})
    assert backend.ask(thread_id, "hello").text == plain


def test_an_empty_200_leaves_an_apology_in_the_thread(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(empty_answer={"times": 1})
    answer = backend.ask(thread_id, "hello")
    assert (answer.status_code, answer.content) == (200, b"")
    assert [turn["role"] for turn in backend.history(thread_id)] == ["user", "assistant"]
    assert backend.ask(thread_id, "hello").content


def test_truncation_breaks_a_chunk(backend: Any) -> None:
    thread_id = ready(backend)
    whole = backend.ask(thread_id, "a question").content
    backend.faults(truncate={"after_bytes": 100})
    body, _ = received(backend, thread_id)
    assert whole.startswith(body)
    assert len(body) <= 100
    assert [turn["role"] for turn in backend.history(thread_id)] == ["user", "assistant", "user"]


def test_a_broken_answer_can_still_be_stored(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(truncate={"after_bytes": 100, "stored": True, "times": 1})
    received(backend, thread_id)
    assert backend.history(thread_id)[1]["content"] == backend.ask(thread_id, "a question").text


def test_a_reset_ends_the_stream(backend: Any) -> None:
    thread_id = ready(backend)
    whole = backend.ask(thread_id, "a question").content
    backend.faults(reset={"after_bytes": 64})
    body, _ = received(backend, thread_id)
    assert len(body) <= 64
    assert whole.startswith(body)


def test_no_response_at_all(backend: Any) -> None:
    backend.faults(no_response={"route": "exists", "times": 1})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE})
    assert backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE}).status_code == 200


def test_an_answer_that_ends_early_looks_like_success(backend: Any) -> None:
    thread_id = ready(backend)
    whole = backend.ask(thread_id, "a question").content
    backend.faults(end_early={"after_bytes": 150})
    answer = backend.ask(thread_id, "a question")
    assert answer.status_code == 200
    assert answer.content == whole[:150]


def test_chunks_cut_characters(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(split_characters=True, chunk_delay={"seconds": 0.005})
    chunks = collect(backend, thread_id, "What is Ansari?")
    b"".join(chunks).decode()
    broken = 0
    for chunk in chunks:
        try:
            chunk.decode()
        except UnicodeDecodeError:
            broken += 1
    assert broken > 3


def test_rounds_are_glued(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(glued_rounds=True)
    assert "for that.# Your question" in backend.ask(thread_id, "travel").text
    kinds = [(turn["role"], type(turn["content"])) for turn in backend.history(thread_id)]
    assert kinds == [("user", str), ("assistant", str), ("assistant", list), ("user", list), ("assistant", str)]


@pytest.mark.parametrize("characters", [1, 300, 40_000])
def test_an_answer_of_any_length(backend: Any, characters: int) -> None:
    thread_id = ready(backend)
    backend.faults(answer_length={"characters": characters})
    assert len(backend.ask(thread_id, "travel").text) == characters


def test_a_thread_called_none(backend: Any) -> None:
    backend.register()
    backend.faults(thread_none={"times": 1})
    assert backend.thread() == "None"
    assert backend.thread() != "None"


def test_a_registration_that_failed_says_200(backend: Any) -> None:
    backend.faults(register_failure=True)
    answer = backend.client.post("/whatsapp/v2/users/register", json={"phone_num": PHONE, "preferred_language": "en"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "success"
    assert answer.json()["user_id"]["status"] == "failure"
    assert backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE}).json() == {"exists": False}


def test_a_user_of_another_source_exists_but_is_not_found(backend: Any) -> None:
    backend.faults(user_not_found={"user": PHONE})
    assert backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE}).json() == {"exists": True}
    answer = backend.client.get("/whatsapp/v2/threads/last", params={"phone_num": PHONE})
    assert (answer.status_code, answer.json()) == (404, {"detail": "WhatsApp user not found"})


def test_a_database_that_fails_looks_like_a_new_user(backend: Any) -> None:
    ready(backend)
    backend.faults(lookups_fail=True)
    assert backend.client.get("/whatsapp/v2/users/exists", params={"phone_num": PHONE}).json() == {"exists": False}
    answer = backend.client.get("/whatsapp/v2/threads/last", params={"phone_num": PHONE})
    assert answer.json() == {"thread_id": None, "last_message_time": None}


def test_errors_strike_as_often_as_asked_and_where(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(server_error={"route": "process", "times": 2, "after": 1})
    assert [backend.ask(thread_id, "q").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert backend.bare.get("/_local/faults").json()["faults"]["server_error"][0]["struck"] == 2
    backend.faults(server_error={"route": "process", "status": 503})
    answer = backend.ask(thread_id, "q")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("Message processing failed: ")


def test_faults_for_one_user_leave_others_alone(backend: Any) -> None:
    thread_id = ready(backend)
    backend.register(OTHER)
    other = backend.thread(OTHER)
    backend.faults(empty_answer={"user": PHONE})
    assert backend.ask(other, "q", OTHER).content
    assert not backend.ask(thread_id, "q").content


def test_clearing_ends_every_fault(backend: Any) -> None:
    thread_id = ready(backend)
    backend.faults(empty_answer=True)
    assert backend.bare.delete("/_local/faults").json()["faults"] == {}
    assert backend.ask(thread_id, "q").content


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"nonsense": True}, "there is no switch 'nonsense'"),
        ({"truncate": True}, "after_bytes is missing"),
        ({"chunk_delay": {"seconds": -1}}, "chunk_delay.seconds must be a number from 0 to 3600"),
        ({"chunk_delay": {"seconds": True}}, "chunk_delay.seconds must be a number"),
        ({"empty_answer": {"bytes": 3}}, "there is no setting 'bytes'"),
        ({"server_error": {"route": "nowhere"}}, "server_error.route must be one of register"),
        ({"empty_answer": 3}, "give true, an object"),
        ([], "JSON object"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_reason(backend: Any, document: object, reason: str) -> None:
    backend.faults(thread_none=True)
    answer = backend.bare.put("/_local/faults", json=document)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert list(backend.bare.get("/_local/faults").json()["faults"]) == ["thread_none"]


def test_the_switches_describe_themselves(backend: Any) -> None:
    switches = backend.bare.get("/_local/faults").json()["switches"]
    assert switches["truncate"]["required"] == ["after_bytes"]
    assert "times" in switches["truncate"]["settings"]


def test_a_held_answer_does_not_hold_up_the_end(backend: Any) -> None:
    """The fixture stops the server with a deadline: a handler that slept on would miss it."""
    thread_id = ready(backend)
    backend.faults(first_chunk_delay={"seconds": 3000})
    body = backend.question(thread_id, "hello")
    with backend.client.stream("POST", "/whatsapp/v2/messages/process", json=body):
        assert backend.record()["threads"][thread_id]["messages"][0]["count"] == 1
