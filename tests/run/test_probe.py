"""What the probe takes for the new release, with and without a header that names it."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from deployer.core.health import Answer
from deployer.run.probe import ask, probe_release
from tests.serving import serving

HEADER = "X-Version"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/live" else 503)
        self.send_header(HEADER, "old")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_the_release_has_to_be_in_the_header(url: str) -> None:
    assert probe_release(url, "/live", "old", header=HEADER, seconds=0) is None
    assert probe_release(url, "/live", "new", header=HEADER, seconds=0) == "200, release old"
    assert probe_release(url, "/live", "new", header="X-Other", seconds=0) == "200, release not named"


def test_without_a_header_a_200_is_enough(url: str) -> None:
    assert probe_release(url, "/live", "new", header=None, seconds=0) is None
    assert probe_release(url, "/gone", "new", header=None, seconds=0) == "503"


def test_an_answer_without_a_header_names_no_release(url: str) -> None:
    assert ask(url, "/live", "new", header=HEADER, seconds=0) == Answer("old")
    assert ask(url, "/live", "new", header=None, seconds=0) == Answer(None)
    assert ask(url, "/gone", "new", header=None, seconds=0) == Answer(None, 503)
