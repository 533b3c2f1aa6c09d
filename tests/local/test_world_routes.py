"""Requests to a world's control routes go to this machine only."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.error import HTTPError

import pytest

from deployer.world_keys import Keys
from deployer.world_routes import ask
from tests.serving import serving


class _Route(BaseHTTPRequestHandler):
    """Answers with the header it got; /moved leads elsewhere."""

    def do_GET(self) -> None:
        content = f'"{self.headers["Authorization"]}"'.encode()
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def route() -> Iterator[str]:
    with serving(_Route) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("body", [None, {"text": "hello"}])
def test_a_proxy_does_not_get_the_token(body: dict[str, str] | None) -> None:
    keys, before = Keys.make(), os.environ.get("http_proxy")
    with socket.create_server(("127.0.0.1", 0)) as proxy, route() as url:
        proxy.setblocking(False)
        os.environ["http_proxy"] = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        try:
            assert ask(f"{url}/_local/secrets/x", keys, body) == f"Bearer {keys.token}"
        finally:
            del os.environ["http_proxy"]
            if before is not None:
                os.environ["http_proxy"] = before
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_redirect_is_an_error() -> None:
    with route() as url, pytest.raises(HTTPError) as refused:
        ask(f"{url}/moved", Keys.make())
    assert refused.value.code == 302
    refused.value.close()
