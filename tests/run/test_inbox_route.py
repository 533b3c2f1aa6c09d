"""What the deployer makes of the answers of a service about its inbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest

from deployer.core.secret import SecretValue
from deployer.errors import DeployerError
from deployer.run.inbox_route import TRIES, InboxRoute
from tests.ports import free_port
from tests.serving import serving

TOKEN = "operator-token-0123456789"
REPLAYED = {
    "instance": "0a1b2c3d",
    "shared": False,
    "replayed": ["17"],
    "unknown": [],
    "starts_within_seconds": 1,
    "stopped": "",
}


class Service(BaseHTTPRequestHandler):
    answers: ClassVar[list[tuple[int, Any]]] = []  # the last one is given again and again
    asked: ClassVar[list[tuple[str, str | None, Any]]] = []

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length)) if length else None
        self.asked.append((f"{self.command} {self.path}", self.headers.get("Authorization"), body))
        status, content = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def route() -> Iterator[InboxRoute]:
    Service.answers, Service.asked = [], []
    with serving(Service) as server:
        yield InboxRoute(
            f"http://127.0.0.1:{server.server_port}/inbox", SecretValue(TOKEN), "staging", "operator-token"
        )


def refused(route: InboxRoute, status: int, content: Any) -> DeployerError:
    Service.answers = [(status, content)]
    with pytest.raises(DeployerError) as caught:
        route.list_dead()
    assert TOKEN not in str(caught.value)
    return caught.value


def test_the_token_is_sent_and_the_instance_is_named(route: InboxRoute) -> None:
    Service.answers = [(200, REPLAYED)]
    assert route.replay(["17"], "0a1b2c3d").replayed == ("17",)
    assert Service.asked == [
        ("POST /inbox/replay", f"Bearer {TOKEN}", {"ids": ["17"], "instance": "0a1b2c3d"}),
    ]


def test_a_limit_is_sent(route: InboxRoute) -> None:
    Service.answers = [(200, {"instance": "0a1b2c3d", "shared": False, "letters": [], "total": 0})]
    route.list_dead(5)
    route.list_dead()
    assert [path for path, _, _ in Service.asked] == ["GET /inbox/dead?limit=5", "GET /inbox/dead"]


def test_a_replay_is_sent_until_it_reaches_the_instance_whose_letters_were_listed(route: InboxRoute) -> None:
    another = (409, {"error": "this is another instance", "instance": "ffffffff"})
    Service.answers = [another, another, (200, REPLAYED)]
    assert route.replay(["17"], "0a1b2c3d").replayed == ("17",)
    Service.answers, Service.asked = [another], []
    with pytest.raises(DeployerError, match="instance 0a1b2c3d was not reached again"):
        route.replay(["17"], "0a1b2c3d")
    assert len(Service.asked) == TRIES


def test_an_older_release_has_no_such_page(route: InboxRoute) -> None:
    error = refused(route, 404, {"message": "not possible"})
    assert error.what == "the running release of staging does not report its inbox"
    assert error.fix == "just reconcile staging"


def test_a_token_that_was_changed_is_refused(route: InboxRoute) -> None:
    error = refused(route, 403, {"error": "forbidden"})
    assert error.what == "the service of staging refuses the operator's token"
    assert "operator-token was changed" in error.why


def test_an_inbox_that_cannot_be_read_is_said_with_its_cause(route: InboxRoute) -> None:
    error = refused(route, 503, {"error": "OperationalError: disk I/O error"})
    assert (error.what, error.why) == (
        "the service of staging cannot read its inbox",
        "OperationalError: disk I/O error",
    )


@pytest.mark.parametrize(
    ("status", "content"), [(200, b"<html>"), (200, {"letters": []}), (502, b"Bad Gateway"), (302, b"")]
)
def test_a_page_of_something_else_is_no_report(route: InboxRoute, status: int, content: Any) -> None:
    error = refused(route, status, content)
    assert error.what == f"the service of staging answers {status} and no report of its inbox"


def test_a_service_that_is_down_is_said() -> None:
    down = InboxRoute(f"http://127.0.0.1:{free_port()}/inbox", SecretValue(TOKEN), "staging", "operator-token")
    with pytest.raises(DeployerError, match="the service of staging does not answer") as caught:
        down.count()
    assert (caught.value.why, caught.value.fix) == ("ConnectError", "see why: just status staging")
