"""A request to the service's own public address is held while messages are answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests import loopback
from tests.ansari_whatsapp.world import USER, running, until
from tests.ports import free_port
from tests.serving import serving


@dataclass
class Balancer:
    """What stands at the public address: the first requests reach other instances, the rest the service."""

    service: str
    elsewhere: int
    seen: int = 0
    open: int = 0
    answers: list[int] = field(default_factory=list)

    def forward(self, path: str, authorization: str) -> int:
        self.seen += 1
        if self.seen <= self.elsewhere:
            return 404
        self.open += 1
        status = loopback.post(
            f"{self.service}{path}",
            headers={"Authorization": authorization},
            timeout=60,
        ).status_code
        self.open -= 1
        self.answers.append(status)
        return status


@contextmanager
def balancing(balancer: Balancer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(balancer.forward(self.path, self.headers["Authorization"]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_a_request_is_open_as_long_as_something_is_answered() -> None:
    port = free_port()
    balancer = Balancer(f"http://127.0.0.1:{port}", elsewhere=2)
    with balancing(balancer) as public, running(port=port, PUBLIC_URL=public) as world:
        assert balancer.seen == 0
        world.fault("backend", first_chunk_delay={"seconds": 1.0})
        world.say("hello")
        until(lambda: world.asked(USER) == ["hello"])
        until(lambda: balancer.open == 1)
        assert world.sent(USER) == []
        world.wait_for_sent(USER, 1)
        until(lambda: balancer.answers == [204])
        assert (balancer.seen, balancer.open) == (3, 0)


def test_nobody_else_can_hold_a_request() -> None:
    with running(PUBLIC_URL="http://127.0.0.1:9") as world:
        for token in (b"", b"Bearer x", b"Bearer \xff"):
            answer = world.http.post(f"{world.service}/awake", headers={b"Authorization": token})
            assert answer.status_code == 404
        assert world.ask("hello")  # also when the address leads nowhere
        until(lambda: any("the CPU may be throttled" in line for line in world.output))


def test_without_an_address_there_is_no_such_route() -> None:
    with running() as world:
        assert world.http.post(f"{world.service}/awake").status_code == 404
