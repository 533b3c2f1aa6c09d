"""A gate between a deployer and the local AWS: it sees every call, and can kill or stop the caller or make it fail."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal, get_args
from urllib.parse import parse_qs

READS: Final = re.compile(r"(Get|List|Describe|BatchGet|Filter|Query|Simulate)")
SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
HELD: Final = 0.2  # seconds a connection is kept without an answer before it is dropped

Fault = Literal["throttled", "error 500", "error 503", "denied", "reset before", "reset after", "no answer"]
Kind = Literal["kill before", "kill after", "hang up", "stop", "forward"] | Fault
FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)


@dataclass(frozen=True)
class Call:
    """One request to AWS, such as ssm:PutParameter. `name` is that of the parameter, if it is about one."""

    service: str
    operation: str
    json: bool
    name: str = ""

    @property
    def writes(self) -> bool:
        return READS.match(self.operation) is None

    def is_like(self, other: Call) -> bool:
        """Whether both do the same, perhaps in two environments: names are compared without the path before them."""
        names = [call.name.rpartition("/")[2] for call in (self, other)]
        return str(self) == str(other) and names[0] == names[1]

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass
class Rule:
    """What happens at the call of this number, counted from one; to all later ones too when it lasts.

    `of` says whether all calls are counted, only those that write, only those of one operation, such as
    "UpdateService", or those like another call. `before` is done before the call is forwarded, where the kind is
    "forward".
    """

    kind: Kind
    number: int
    of: str | Call = "calls"
    before: Callable[[], object] = lambda: None
    lasts: bool = False
    seen: int = 0
    hit: Call | None = None

    def strikes(self, call: Call) -> bool:
        """Count a call; whether it is the one."""
        if isinstance(self.of, Call):
            counts = call.is_like(self.of)
        else:
            counts = self.of in {"calls", call.operation} or (self.of == "writes" and call.writes)
        if not counts:
            return False
        self.seen += 1
        struck = self.seen >= self.number if self.lasts else self.seen == self.number
        if struck:
            self.hit = self.hit or call
        return struck


@dataclass
class Gate:
    """Listens on a port of its own. `victim` is the process that dies when a rule says so."""

    upstream: int
    calls: list[Call] = field(default_factory=list)
    by_process: list[tuple[str, Call]] = field(default_factory=list)
    rule: Rule | None = None
    victim: int = 0
    server: ThreadingHTTPServer = field(init=False)
    guard: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def watch(self, rule: Rule | None = None) -> None:
        """Forget what was seen, and let a rule loose."""
        with self.guard:
            self.calls, self.by_process, self.rule = [], [], rule

    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.writes]

    def pass_by(self, call: Call, process: str) -> Kind | None:
        """Record a call; what is to happen to it."""
        with self.guard:
            self.calls.append(call)
            if call.writes:
                self.by_process.append((process, call))
            return self.rule.kind if self.rule and self.rule.strikes(call) else None

    def kill(self) -> None:
        assert self.victim, "nobody was named to die"
        os.kill(self.victim, signal.SIGKILL)

    def hang_up(self) -> None:
        """End the victim as a closed terminal does: it ends in order, and says what was started."""
        assert self.victim, "nobody was named to end"
        os.kill(self.victim, signal.SIGHUP)

    def stop(self) -> None:
        """Stop the victim where it waits for an answer, as a laptop's lid or SIGSTOP does."""
        assert self.victim, "nobody was named to stop"
        os.kill(self.victim, signal.SIGSTOP)
        self.stopped.set()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.forward(None)

        def do_PUT(self) -> None:
            self.forward(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            call = _call(dict(self.headers.items()), body)
            kind = gate.pass_by(call, self.headers.get("User-Agent", "")) if call else None
            match kind:
                case None:
                    self.forward(body)
                case "forward":
                    assert gate.rule is not None
                    gate.rule.before()
                    self.forward(body)
                case "stop":  # what was sent before the stop arrives all the same
                    gate.stop()
                    self.forward(body)
                case "hang up":  # what was sent arrives all the same
                    gate.hang_up()
                    self.forward(body)
                case "kill before":
                    gate.kill()
                case "kill after":
                    self.ask(body)
                    gate.kill()
                case "reset before":
                    self.reset()
                case "reset after":
                    self.ask(body)
                    self.reset()
                case "no answer":
                    time.sleep(HELD)
                    self.reset()
                case _:
                    assert call is not None
                    self.answer(*_error(kind, call))

        def ask(self, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", gate.upstream, timeout=60)
            length = {} if body is None else {"Content-Length": str(len(body))}
            kept = {k: v for k, v in self.headers.items() if k.lower() not in {"content-length", "expect"}}
            connection.request(self.command, self.path, body, {**kept, **length})
            found = connection.getresponse()
            content = found.read()
            connection.close()
            return found.status, dict(found.getheaders()), content

        def forward(self, body: bytes | None) -> None:
            status, headers, content = self.ask(body)
            if self.path == "/_local/world":  # the world is asked here, so here is its AWS
                told = json.loads(content)
                told["ports"]["aws"] = gate.port
                content = json.dumps(told).encode()
            self.answer(status, headers, content)

        def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection", "server", "date"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def reset(self) -> None:
            """Close without an answer, as a broken line does."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):  # the caller is gone, or was sent away
                return

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                return

        def log_message(self, *args: object) -> None:
            return

    return Handler


def _call(headers: dict[str, str], body: bytes) -> Call | None:
    scope = SCOPE.search(headers.get("Authorization", ""))
    if scope is None:
        return None
    target = headers.get("X-Amz-Target")
    if target:
        return Call(scope[1], target.rpartition(".")[2], json=True, name=json.loads(body).get("Name", ""))
    return Call(scope[1], parse_qs(body.decode())["Action"][0], json=False)


def _error(kind: Kind, call: Call) -> tuple[int, dict[str, str], bytes]:
    """An error as the service's protocol writes it."""
    status, code = {
        "throttled": (400, "ThrottlingException"),
        "error 500": (500, "InternalServerError"),
        "error 503": (503, "ServiceUnavailable"),
        "denied": (400 if call.json else 403, "AccessDeniedException" if call.json else "AccessDenied"),
    }[kind]
    if call.json:
        text = json.dumps({"__type": code, "message": f"a fault: {kind}"})
        return status, {"Content-Type": "application/x-amz-json-1.1"}, text.encode()
    xml = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>a fault</Message></Error>"
        "<RequestId>0</RequestId></ErrorResponse>"
    )
    return status, {"Content-Type": "text/xml"}, xml.encode()
