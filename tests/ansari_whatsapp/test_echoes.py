"""Meta and ansari-backend repeat the service's secrets in what they answer: no line of its log holds one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote

import pytest

from tests.ansari_whatsapp import world
from tests.ansari_whatsapp.world import SECRETS, World, running, text, until, value
from tests.serving import serving

SPELLED = [spelled for s in SECRETS for spelled in (s, quote(s, safe=""), base64.b64encode(s.encode()).decode())]
ECHO = " ".join(SPELLED)


@contextmanager
def echoing(status: int, *, as_json: bool, code: int = 100) -> Iterator[str]:
    """A server that answers everything with this status, the headers it got, and every secret."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = f"{ECHO} {self.headers}"
            body = {"error": {"code": code, "message": told, "error_data": {"details": told}, "fbtrace_id": told}}
            content = (json.dumps(body) if as_json else f"<html>{told}</html>").encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("WWW-Authenticate", f'OAuth "Facebook Platform" "{ECHO}"')
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815 -- the names that the server looks for

        def log_message(self, *_: object) -> None:
            return

    with serving(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def leaks(service: World) -> list[str]:
    return [line for line in service.output if any(spelled in line for spelled in SPELLED)]


def failures(service: World) -> int:
    return sum(any(word in line for word in ("HTTP ", "answered", "the answer is")) for line in service.output)


@pytest.mark.parametrize(
    ("status", "as_json", "code"),
    [(400, True, 100), (401, True, 190), (500, True, 131000), (200, True, 131026), (403, False, 0)],
)
def test_no_line_holds_what_meta_repeats(status: int, as_json: bool, code: int) -> None:
    with (
        echoing(status, as_json=as_json, code=code) as meta,
        running(
            META_GRAPH_URL=meta, DRAIN_SECONDS="5", STOP_SECONDS="15"
        ) as service,  # what Meta refused is tried again after 30
    ):
        service.deliver(value(text("a question", "wamid.ECHO")))
        until(lambda: failures(service))
        failed = value(statuses=[status_of(code)])
        failed.pop("messages")
        service.deliver(failed)
        service.post(json.dumps({"entry": ECHO}).encode())
        service.post(ECHO.encode(), signature=f"sha256={ECHO}")
        service.http.get(f"{service.service}/whatsapp/v2", params={"hub.mode": "subscribe", "hub.verify_token": ECHO})
        service.http.get(f"{service.service}/ready")
    assert leaks(service) == []


@pytest.mark.parametrize(("status", "as_json"), [(401, True), (403, False), (400, True), (500, False), (200, False)])
def test_no_line_holds_what_the_backend_repeats(status: int, as_json: bool) -> None:
    with echoing(status, as_json=as_json) as backend, running(BACKEND_SERVER_URL=backend) as service:
        service.deliver(value(text("a question", "wamid.ECHO")))
        until(lambda: failures(service))
        service.http.get(f"{service.service}/ready")
    assert leaks(service) == []


def test_a_watched_secret_would_be_seen() -> None:
    """The watch itself works."""
    watched = World("", "", "", None, {}, None)  # type: ignore[arg-type]
    watched.output.append(f"Bearer {world.TOKEN}")
    assert leaks(watched)


def status_of(code: int) -> dict[str, Any]:
    """The webhook that reports that a part was not delivered."""
    errors = [{"code": code, "title": ECHO, "message": ECHO, "error_data": {"details": ECHO}, "href": ECHO}]
    return {"id": "wamid.ECHO", "status": "failed", "timestamp": "1", "recipient_id": world.USER, "errors": errors}
