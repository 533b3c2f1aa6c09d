"""A request to the service's own public address is held while messages are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from ansari_whatsapp.awake import Awake
from ansari_whatsapp.inbox import MemoryInbox
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.worker import Worker
from tests import loopback
from tests.ansari_whatsapp.world import USER, WITHIN, World, envelope, running, text, until, value
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
            return 409
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
            assert answer.status_code == 303
        assert world.ask("hello")  # also when the address leads nowhere
        until(lambda: any("the CPU may be throttled" in line for line in world.output))


def test_the_address_is_learned_from_a_webhook() -> None:
    with running() as world:
        assert state(world) == "unknown"
        world.fault("backend", first_chunk_delay={"seconds": 0.5})
        said = world.say("hello")
        assert (said["delivered"], state(world)) == (True, "held")  # before Meta got its 200
        assert world.answer(USER, said["wamid"])


def test_a_webhook_with_a_bad_signature_teaches_no_address() -> None:
    with running() as world:
        assert world.post(envelope(value(text("hello", "wamid.1"))), signature="sha256=" + "0" * 64).status_code == 403
        assert state(world) == "unknown"


def test_with_an_idle_cpu_no_request_is_held() -> None:
    with running(IDLE_CPU="true", PUBLIC_URL="http://127.0.0.1:9") as world:
        assert world.ask("hello")
        assert state(world) == "idle_cpu"
        assert not any("the CPU may be throttled" in line for line in world.output)


def test_that_nothing_is_reached_is_a_reason_only_while_messages_wait() -> None:
    with running(PUBLIC_URL="http://127.0.0.1:9") as world:
        assert world.ask("hello")
        until(lambda: report(world)["waiting"] == 0)
        assert (report(world)["cpu"], report(world)["reasons"]) == ("unheld", [])
        world.fault("backend", first_chunk_delay={"seconds": 3.0})
        said = world.say("hello again")
        until(lambda: report(world)["reasons"] == ["cpu"])
        assert world.answer(USER, said["wamid"])


class IdleWorker:
    """A worker that answers nothing."""

    under_way = 0

    def start(self) -> None: ...

    async def busy(self) -> None:
        await asyncio.Event().wait()


def test_a_webhook_without_work_waits_for_no_request() -> None:
    """Meta delivers again what is answered already: its 200 must not wait for a request that nobody sends."""

    async def test() -> None:
        address, worker = PublicAddress("http://127.0.0.1:9", local=True), cast(Worker, IdleWorker())
        awake = Awake(address, MemoryInbox(), worker, Metrics(), tls=False, announce_within=10 * WITHIN)
        awake.start()
        async with asyncio.timeout(WITHIN):
            await awake.announce([""])
        await awake.stop()

    asyncio.run(test())


def report(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.http.get(f"{world.service}/ready").json()
    return found


def state(world: World) -> str:
    return str(report(world)["cpu"])
