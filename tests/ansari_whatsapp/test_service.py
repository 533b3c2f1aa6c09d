"""The service over HTTP, as Meta and a load balancer see it."""

from __future__ import annotations

import itertools
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from concurrent.futures import Future
from typing import Any

import httpx
import pytest

from ansari_whatsapp.notices import Notice
from ansari_whatsapp.signature import HEADER, Signer
from tests.ansari_whatsapp import world as service
from tests.ansari_whatsapp.world import (
    APP_SECRET,
    NUMBER,
    VERIFY,
    WITHIN,
    World,
    envelope,
    running,
    text,
    until,
    value,
)
from tests.loopback import NO_TLS
from tests.ports import free_port

users = (f"1555200{number:04}" for number in itertools.count())
wamids = (f"wamid.{number}" for number in itertools.count())


class TestHealth:
    def test_it_is_well_and_names_its_release(self, world: World) -> None:
        answer = world.http.get(world.service)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["X-App-Release"] == "abc123"
        assert world.http.head(world.service).status_code == 200

    def test_it_stays_well_while_the_backend_is_down(self, world: World) -> None:
        world.fault("backend", server_error=True)
        assert world.http.get(world.service).status_code == 200

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/.env"),
            ("GET", "/wp-login.php"),
            ("HEAD", "/favicon.ico"),
            ("GET", "/inbox"),
            ("GET", "/metrics"),
            ("POST", "/work"),
            ("POST", "/awake"),
            ("POST", "/"),
            ("PUT", "/whatsapp/v2"),
            ("OPTIONS", "/whatsapp/v2/more"),
        ],
    )
    def test_a_scanner_is_told_nothing_and_meets_no_error(self, world: World, method: str, path: str) -> None:
        """Amazon ECS counts answers with 4xx and 5xx, and rolls a deployment back for one in a hundred."""
        with httpx.Client(verify=NO_TLS) as scanner:
            answer = scanner.request(method, world.service + path)
        assert (answer.status_code, answer.headers["Location"], answer.text) == (303, "/", "")


class TestVerification:
    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}, 200),
            ({"hub.mode": "subscribe", "hub.verify_token": VERIFY + "x", "hub.challenge": "1"}, 403),
            ({"hub.mode": "subscribe", "hub.verify_token": "é\u202e", "hub.challenge": "1"}, 403),
            ({"hub.mode": "unsubscribe", "hub.verify_token": VERIFY, "hub.challenge": "1"}, 403),
            ({"hub.verify_token": VERIFY, "hub.challenge": "1"}, 400),
            ({"hub.mode": "subscribe", "hub.challenge": "1"}, 400),
            ({}, 400),
            ({"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "x" * 257}, 400),
            ({"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "a\nb"}, 400),
        ],
    )
    def test_who_gets_the_challenge(self, world: World, query: dict[str, str], status: int) -> None:
        answer = world.http.get(f"{world.service}/whatsapp/v2", params=query)
        assert answer.status_code == status
        if status == 200:
            assert answer.text == query["hub.challenge"]
            assert answer.headers["content-type"].startswith("text/plain")
            assert answer.headers["x-content-type-options"] == "nosniff"

    def test_meta_itself_can_register_it(self, world: World) -> None:
        answer = world.http.post(f"{world.meta}/_local/verify", json={"verify_token": VERIFY}).json()
        assert answer["verified"] is True


class TestSignature:
    BODY = envelope(value(text("hi", "wamid.signature", "15559990000")))
    RIGHT = Signer(APP_SECRET).sign(BODY)

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "sha256=",
            RIGHT.upper(),
            RIGHT.replace("sha256", "sha1"),
            RIGHT[:-1],
            RIGHT + "0",
            f"{RIGHT} x",
            Signer("another-secret").sign(BODY),
            Signer(APP_SECRET).sign(BODY + b" "),
            "sha256=" + "é" * 64,
        ],
        ids=["none", "empty", "no digits", "capitals", "sha1", "short", "long", "more", "key", "body", "letters"],
    )
    def test_every_cause_is_the_same_403(self, world: World, header: str | None) -> None:
        headers = [] if header is None else [(HEADER.encode(), header.encode("latin-1"))]
        answer = world.http.post(f"{world.service}/whatsapp/v2", content=self.BODY, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["WWW-Authenticate"] == "HMAC-SHA256"
        assert answer.json()["message"] == "forbidden"
        assert world.asked("15559990000") == []

    def test_the_raw_bytes_count_not_what_they_mean(self, world: World) -> None:
        user = next(users)
        body = envelope(value(text("caf\u00e9 / tea", next(wamids), user))).replace(b"/", b"\\/")
        assert world.post(body).status_code == 200
        world.wait_for_sent(user, 1)
        assert world.asked(user) == ["café / tea"]


class TestMessages:
    def test_a_question_is_answered(self, world: World) -> None:
        user = next(users)
        [part] = world.ask("What is Ansari?", user)
        assert part.startswith("*What is Ansari?*")
        assert "**" not in part

    def test_a_long_answer_comes_in_two_messages(self, world: World) -> None:
        parts = world.ask("tell me something long", next(users))
        assert len(parts) == 2
        assert all(len(part.encode("utf-16-le")) // 2 <= 4096 for part in parts)

    def test_every_message_of_a_batch_is_answered_in_order(self, world: World) -> None:
        one, two = next(users), next(users)
        batch = {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": "A",
                    "changes": [
                        {"field": "messages", "value": value(text("a1", "b.1", one), text("b1", "b.2", two))},
                        {"field": "messages", "value": value(text("a2", "b.3", one), text("a1", "b.1", one))},
                    ],
                },
                {
                    "id": "B",
                    "changes": [
                        {"field": "account_update", "value": {"event": "x"}},
                        {"field": "messages", "value": value(text("no", "b.4", one), number="1")},
                        {
                            "field": "messages",
                            "value": value(
                                text("a3", "b.5", one),
                                statuses=[{"id": "w", "status": "failed", "errors": [{"code": 131047}]}],
                                errors=[{"code": 1}],
                            ),
                        },
                    ],
                },
            ],
        }
        assert world.post(json.dumps(batch).encode()).status_code == 200
        world.wait_for_sent(one, 3)
        world.wait_for_sent(two, 1)
        assert world.asked(one) == ["a1", "a2", "a3"]
        assert world.asked(two) == ["b1"]

    def test_a_redelivered_message_is_answered_once(self, world: World) -> None:
        user = next(users)
        body = envelope(value(text("once", next(wamids), user)))
        for _ in range(5):
            assert world.post(body).status_code == 200
        world.wait_for_sent(user, 1)
        assert world.post(body).status_code == 200
        assert world.ask("after it", user)
        assert world.asked(user) == ["once", "after it"]

    def test_a_user_without_a_number_is_answered(self, world: World) -> None:
        user = next(users)
        said = world.say("who am I?", user, hide_phone=True)
        assert said["delivered"]
        assert world.answer(user, said["wamid"])

    def test_a_tapped_button_counts_as_text(self, world: World) -> None:
        user = next(users)
        reply = {"type": "button_reply", "button_reply": {"id": "1", "title": "Yes please"}}
        message = {"from": user, "id": next(wamids), "timestamp": "", "type": "interactive", "interactive": reply}
        world.deliver(value(message))
        world.wait_for_sent(user, 1)
        assert world.asked(user) == ["Yes please"]

    def test_what_is_no_text_gets_one_notice(self, world: World) -> None:
        kinds = ["image", "audio", "sticker", "location", "contacts", "order", "unsupported"]
        writers = {kind: next(users) for kind in kinds}
        for kind, user in writers.items():
            body: Any = [{"name": "x"}] if kind == "contacts" else {"id": "1"}
            media = [{"from": user, "id": next(wamids), "type": kind, kind: body} for _ in range(3)]
            assert world.deliver(value(*media, text("and now a text", next(wamids), user))).status_code == 200
        for kind, user in writers.items():
            sent = world.wait_for_sent(user, 2)
            assert sent[0] == Notice.TEXT_ONLY.value, kind
            assert sent.count(Notice.TEXT_ONLY.value) == 1, kind

    def test_what_needs_no_answer_gets_none(self, world: World) -> None:
        kinds = ["reaction", "system", "edit", "revoke", "request_welcome", "hologram", "text", "interactive"]
        writers = {kind: next(users) for kind in kinds}
        for kind, user in writers.items():
            silent = {"from": user, "id": next(wamids), "type": kind, kind: {"a": 1}}
            assert world.deliver(value(silent, text("a text", next(wamids), user))).status_code == 200
        for kind, user in writers.items():
            world.wait_for_sent(user, 1)
            assert len(world.sent(user)) == 1, kind
            assert world.asked(user) == ["a text"], kind

    def test_a_message_without_an_answer_is_answered_as_it_was_edited_last(self, world: World) -> None:
        user, first, second = next(users), next(wamids), next(wamids)
        world.fault("backend", first_chunk_delay={"seconds": 1.0, "user": user, "times": 1})
        world.deliver(value(text("the first", first, user), text("a tpyo", second, user)))
        until(lambda: world.asked(user) == ["the first"])
        for wamid, better in ((first, "the first, edited"), (second, "a typo")):
            message = {"type": "text", "text": {"body": better}}
            edit = {"original_message_id": wamid, "message": message}
            edited = {"from": user, "id": next(wamids), "type": "edit", "edit": edit}
            assert world.deliver(value(edited)).status_code == 200
        world.wait_for_sent(user, 2)
        assert world.asked(user) == ["the first", "the first, edited", "a typo"]
        assert ["the first, edited" in world.sent(user)[0], "a typo" in world.sent(user)[1]] == [True, True]
        assert len(world.sent(user)) == 2

    def test_a_message_that_is_withdrawn_while_it_is_answered_gets_no_answer(self, world: World) -> None:
        user, wamid = next(users), next(wamids)
        world.fault("backend", first_chunk_delay={"seconds": 1.0, "user": user, "times": 1})
        world.deliver(value(text("a secret", wamid, user), text("the next", next(wamids), user)))
        until(lambda: world.asked(user) == ["a secret"])
        revoke = {"from": user, "id": next(wamids), "type": "revoke", "revoke": {"original_message_id": wamid}}
        assert world.deliver(value(revoke)).status_code == 200
        [answer] = world.wait_for_sent(user, 1)
        assert "the next" in answer

    def test_a_message_that_came_too_late_gets_a_notice(self, world: World) -> None:
        user = next(users)
        said = world.say("old", user, age=90_000)
        assert world.answer(user, said["wamid"]) == [Notice.TOO_OLD.value]
        assert world.asked(user) == []

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"null",
            b"[]",
            b'"x"',
            b"1e999",
            b'{"entry": 5}',
            b'{"entry": [[], 1, {}]}',
            b"[" * 3000,
        ],
    )
    def test_a_signed_body_that_means_nothing_is_taken_and_forgotten(self, world: World, body: bytes) -> None:
        assert world.post(body).status_code == 200

    def test_half_an_emoji_loses_no_message(self, world: World) -> None:
        user = next(users)
        body = envelope(value(text("half", next(wamids), user), text("whole", next(wamids), user)))
        assert world.post(body.replace(b"half", b"half \\ud83d!")).status_code == 200
        world.wait_for_sent(user, 2)
        assert world.asked(user) == ["half \ufffd!", "whole"]

    def test_a_body_that_nobody_can_read_is_called_so(self, world: World) -> None:
        answer = world.post(b"{").json()
        assert (answer["success"], answer["error_code"]) == (False, "INVALID_PAYLOAD")
        assert set(answer) == {"success", "message", "timestamp", "error_code"}

    def test_a_body_that_is_too_large_is_refused(self, world: World) -> None:
        answer = world.post(b"x" * (5 * 1024 * 1024))
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"
        assert world.http.get(world.service).status_code == 200

    def test_a_body_that_is_announced_too_large_is_refused_before_it_comes(self, world: World) -> None:
        host, port = world.service.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.settimeout(WITHIN)
            client.sendall(b"POST /whatsapp/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n{")
            assert client.recv(4096).startswith(b"HTTP/1.1 413")


class TestTrouble:
    def test_a_backend_that_fails_for_good_gives_one_apology(self, world: World) -> None:
        apologies = {
            "empty_answer": Notice.NO_ANSWER,
            "server_error": Notice.NOT_REGISTERED,
            "no_response": Notice.NOT_REGISTERED,
            "register_failure": Notice.NOT_REGISTERED,
            "user_not_found": Notice.NOT_REGISTERED,
            "thread_none": Notice.NO_THREAD,
        }
        writers = {fault: next(users) for fault in apologies}
        world.fault("backend", **{fault: {"user": user} for fault, user in writers.items()})
        said = {fault: world.say("please", user)["wamid"] for fault, user in writers.items()}
        for fault, user in writers.items():
            assert world.answer(user, said[fault]) == [apologies[fault].value], fault
            assert len(world.asked(user)) <= 1, fault

    def test_a_backend_that_stumbles_once_is_asked_again(self, world: World) -> None:
        user = next(users)
        world.fault("backend", server_error={"user": user, "route": "exists", "times": 1})
        assert world.ask("What is Ansari?", user)[0].startswith("*What is Ansari?*")
        assert world.asked(user) == ["What is Ansari?"]

    def test_a_throttled_part_is_sent_again_and_arrives_once(self, world: World) -> None:
        writers = {code: next(users) for code in (130429, 131000, 131056, 2)}
        world.fault(
            "meta",
            error=[{"code": code, "times": 2, "user": user, "kind": "message"} for code, user in writers.items()],
        )
        said = {code: world.say("What is Ansari?", user)["wamid"] for code, user in writers.items()}
        for code, user in writers.items():
            assert len(world.answer(user, said[code])) == 1, code
            assert world.asked(user) == ["What is Ansari?"], code

    def test_a_part_that_meta_took_and_then_failed_is_sent_again(self, world: World) -> None:
        user = next(users)
        world.fault("meta", failed_status={"code": 131000, "times": 1, "user": user})
        world.say("What is Ansari?", user)
        first, again = world.wait_for_sent(user, 2)
        assert first == again
        assert world.asked(user) == ["What is Ansari?"]

    def test_a_part_that_cannot_arrive_does_not_stop_the_next_message(self, world: World) -> None:
        user = next(users)
        world.fault("meta", error={"code": 131026, "times": 1, "user": user, "kind": "message"})
        world.say("lost", user)
        until(lambda: world.asked(user) == ["lost"])
        assert len(world.ask("arrives", user)) == 1

    def test_a_typing_indicator_that_fails_does_not_stop_the_answer(self, world: World) -> None:
        user = next(users)
        world.fault("meta", error={"code": 131000, "user": user, "kind": "read"})
        assert world.ask("What is Ansari?", user)


def test_a_body_that_comes_too_slowly_is_cut_off(world: World, trickle: Future[bytes]) -> None:
    assert trickle.result(WITHIN).startswith(b"HTTP/1.1 408")
    assert world.http.get(world.service).status_code == 200


def test_a_service_under_maintenance_says_so_and_may_call_a_bad_body_bad() -> None:
    with running(WHATSAPP_UNDER_MAINTENANCE="true", ALWAYS_RETURN_OK_TO_META="false") as world:
        user = next(users)
        assert world.ask("hello", user) == [Notice.MAINTENANCE.value]
        assert world.asked(user) == []
        assert world.post(b"{").status_code == 400


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environ = service.environment("http://127.0.0.1:9", "http://127.0.0.1:9", taken.getsockname()[1])
        done = started(environ)
    assert done.returncode == 1
    assert "the service cannot listen on 127.0.0.1:" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_on_a_signal_that_comes_with_its_first_answer(number: signal.Signals) -> None:
    for _ in range(4):
        with running() as world:
            world.process.send_signal(number)
            assert world.process.wait(20) == 0
        assert [json.loads(line).get("event") for line in world.output][-1] == "stopped"


def test_it_stops_after_what_it_took_and_takes_no_more() -> None:
    with running() as world:
        user = next(users)
        world.fault("backend", first_chunk_delay={"seconds": 1.5})
        said = world.say("the last one", user)
        until(lambda: world.asked(user) == ["the last one"])
        world.process.send_signal(signal.SIGTERM)
        statuses: list[int] = []
        while 503 not in statuses:
            statuses.append(world.deliver(value(text("late", next(wamids), user))).status_code)
        assert world.answer(user, said["wamid"])
        assert world.process.wait(20) == 0
        assert world.asked(user) == ["the last one", *["late"] * statuses.count(200)]


def test_a_process_that_slept_past_its_lease_sends_nothing() -> None:
    with running(LEASE_SECONDS="1") as world:
        user = next(users)
        world.fault("backend", first_chunk_delay={"seconds": 0.5, "user": user, "times": 1})
        assert world.deliver(value(text("who answers?", next(wamids), user))).status_code == 200
        until(lambda: world.asked(user) == ["who answers?"])
        world.process.send_signal(signal.SIGSTOP)
        other = subprocess.Popen(
            [sys.executable, "-m", "ansari_whatsapp"],
            env=world.environ | {"PORT": str(free_port())},
            cwd=service.ROOT,
            stdout=subprocess.DEVNULL,
        )
        try:
            world.wait_for_sent(user, 1)
        finally:
            world.process.send_signal(signal.SIGCONT)
            other.terminate()
            other.wait(WITHIN)
        until(lambda: any("leased by another process" in line for line in world.output))
        assert world.ask("the next", user)
        assert len(world.sent(user)) == 2


def test_what_is_lost_with_the_instance_gets_an_apology() -> None:
    with running(INBOX_SURVIVES="false", DRAIN_SECONDS="0.5") as world:
        user = next(users)
        world.fault("backend", first_chunk_delay={"seconds": 60})
        world.say("the last one", user)
        until(lambda: world.asked(user) == ["the last one"])
        world.process.send_signal(signal.SIGTERM)
        assert world.process.wait(20) == 0
        assert world.sent(user) == [Notice.STOPPED.value]


def test_nothing_secret_or_personal_is_written() -> None:
    user, question = next(users), "a question nobody else may read"
    with running() as world:
        world.fault("meta", error={"code": 131026, "times": 1, "user": user, "kind": "message"})
        world.say(question, user)
        until(lambda: world.asked(user) == [question])
        world.ask(question, user)
        world.post(b"{}", "sha256=" + "0" * 64)
        world.http.get(f"{world.service}/whatsapp/v2", params={"hub.mode": "subscribe", "hub.verify_token": VERIFY})
        world.deliver(value({"from": user, "id": "x" * 600, "type": "text"}))
    written = "".join(world.output)
    assert "answered" in written
    for private in (*service.SECRETS, NUMBER, user, question, "Ansari is an assistant"):
        assert private not in written
    for line in world.output:
        json.loads(line)


def started(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What becomes of a service that cannot start."""
    return subprocess.run(
        [sys.executable, "-m", "ansari_whatsapp"],
        env=environ,
        cwd=service.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("bad", [None, "", "your_app_secret", "changeme", "short"])
def test_it_does_not_start_without_its_secrets(bad: str | None) -> None:
    environ = service.environment("http://127.0.0.1:9", "http://127.0.0.1:9", free_port())
    environ |= {"META_API_VERSION": "26", "BACKEND_SERVER_URL": "example.org"}
    del environ["META_WEBHOOK_VERIFY_TOKEN"]
    if bad is None:
        del environ["META_APP_SECRET"]
    else:
        environ["META_APP_SECRET"] = bad
    done = started(environ)
    assert done.returncode == 1
    for name in ("META_APP_SECRET", "META_WEBHOOK_VERIFY_TOKEN", "META_API_VERSION", "BACKEND_SERVER_URL"):
        assert re.search(rf"^  {name}: ", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr
    for secret in service.SECRETS:
        assert secret not in done.stderr


class TestDoubt:
    """What a broken connection leaves open, the other side knows."""

    def test_a_status_settles_whether_a_part_arrived(self, world: World) -> None:
        user = "15556660001"
        world.fault("meta", accept_and_drop={"times": 1, "kind": "message"})
        said = world.say("did it arrive?", user)
        until(lambda: not waiting(world))
        assert len(world.sent(user)) == 1
        assert said["delivered"]

    def test_a_part_without_a_status_is_sent_again(self, world: World) -> None:
        user = "15556660002"
        world.fault("meta", accept_and_drop={"times": 1, "kind": "message"}, no_statuses={"user": user})
        world.say("did it arrive?", user)
        until(lambda: not waiting(world))
        assert len(set(world.sent(user))) == 1
        assert len(world.sent(user)) == 2

    @pytest.mark.parametrize("how", ["reset", "truncate"])
    def test_an_answer_that_broke_off_is_taken_from_the_thread(self, world: World, how: str) -> None:
        user = {"reset": "15556660003", "truncate": "15556660004"}[how]
        world.fault("backend", **{how: {"after_bytes": 40, "stored": True, "user": user, "times": 1}})
        parts = world.ask("what is whole?", user)
        assert "what is whole?" in "".join(parts)
        assert Notice.ENDED_EARLY.value not in parts[-1]
        assert len("".join(parts)) > 200
        assert world.asked(user) == ["what is whole?"]

    def test_an_answer_that_ends_too_soon_without_an_error_says_so(self, world: World) -> None:
        user = "15556660005"
        world.fault("backend", end_early={"after_bytes": 150, "user": user, "times": 1})
        parts = world.ask("what is half?", user)
        assert parts[-1].endswith(Notice.ENDED_EARLY.value)

    def test_a_preamble_alone_is_no_answer(self, world: World) -> None:
        user = "15556660006"
        world.fault("backend", glued_rounds={"user": user}, end_early={"after_bytes": 49, "user": user, "times": 1})
        assert world.ask("what is found?", user) == [Notice.NO_ANSWER.value]


def waiting(world: World) -> int:
    with sqlite3.connect(f"file:{world.environ['INBOX_URL'].removeprefix('sqlite:///')}?mode=ro", uri=True) as inbox:
        count: int = inbox.execute("SELECT count(*) FROM job").fetchone()[0]
    inbox.close()
    return count
