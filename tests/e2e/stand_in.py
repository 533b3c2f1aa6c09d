"""In front of the local AWS: it writes down the calls, says who calls, and has a clock of its own."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(\w+)/")
OPERATION = re.compile(r"Action=(\w+)")


@dataclass
class StandIn:
    """`port` is where it listens; `calls` are such as ssm:PutParameter."""

    port: int
    calls: set[str]


@contextmanager
def stand_in(upstream: int, *, who: str = "", ahead: timedelta = timedelta()) -> Iterator[StandIn]:
    """GetCallerIdentity tells `who`, if that is given; the clock is `ahead`."""
    calls: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.forward(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            service = SCOPE.search(self.headers.get("Authorization", ""))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            operation = target or "".join(OPERATION.findall(body.decode())[:1])
            calls.add(f"{service[1] if service else ''}:{operation}")
            self.forward(body)

        def forward(self, body: bytes) -> None:
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield StandIn(server.server_port, calls)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
