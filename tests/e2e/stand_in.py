"""In front of the local AWS: it writes down the calls, refuses some, says who calls, and has a clock of its own."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import TypeAlias

from tests.serving import serving

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(\w+)/")
Refuses: TypeAlias = Callable[[str, bytes], str]
Answers: TypeAlias = Callable[[str, bytes], bytes | None]

OPERATION = re.compile(r"Action=(\w+)")


@dataclass
class StandIn:
    """`port` is where it listens; `calls` are such as ssm:PutParameter."""

    port: int
    calls: set[str]


@contextmanager
def stand_in(
    upstream: int,
    *,
    who: str = "",
    ahead: timedelta = timedelta(),
    refuses: Refuses = lambda *_: "",
    answers: Answers = lambda *_: None,
    damages: Callable[[str], bool] = lambda _: False,
) -> Iterator[StandIn]:
    """GetCallerIdentity tells `who`, if that is given; the clock is `ahead`.

    `refuses` is asked about each call and its body: what it answers is why the call is not passed on. `answers` is
    asked, too: the JSON that it returns is the answer to the call. `damages` is asked about each call that is passed
    on, before it is: whether half of its answer is lost on the way.
    """
    calls: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.forward(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            service = SCOPE.search(self.headers.get("Authorization", ""))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            operation = target or "".join(OPERATION.findall(body.decode())[:1])
            call = f"{service[1] if service else ''}:{operation}"
            calls.add(call)
            if why := refuses(call, body):
                self.refuse(call, why)
            elif (content := answers(call, body)) is not None:
                self.send_response_only(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            else:
                self.forward(body, damaged=damages(call))

        def refuse(self, call: str, why: str) -> None:
            content = json.dumps({"__type": "AccessDeniedException", "message": why})
            if call.startswith(("iam:", "sts:")):
                told = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{why}</Message></Error>"
                content = f"<ErrorResponse>{told}<RequestId>0</RequestId></ErrorResponse>"
            self.send_response_only(403 if call.startswith(("iam:", "sts:")) else 400)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        def forward(self, body: bytes, *, damaged: bool = False) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            connection.request(self.command, self.path, body, headers)
            found = connection.getresponse()
            content = found.read()
            connection.close()
            if self.path == "/_local/world":  # the world is asked here, so here is its AWS
                world = json.loads(content)
                world["ports"]["aws"] = server.server_port
                content = json.dumps(world).encode()
            if who and b"GetCallerIdentity" in body:
                content = re.sub(rb"<Arn>[^<]*</Arn>", f"<Arn>{who}</Arn>".encode(), content)
            content = content[: max(1, len(content) // 2)] if damaged else content
            self.send_response_only(found.status)
            for name, value in found.getheaders():
                if name.lower() not in {"content-length", "transfer-encoding", "connection", "date"}:
                    self.send_header(name, value)
            self.send_header("Date", format_datetime(datetime.now(UTC) + ahead, usegmt=True))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            return

    with serving(Handler) as server:
        yield StandIn(server.server_port, calls)
