"""What stands at a service's public address, and what it was told there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from ansari_whatsapp.work_order import Order
from tests.serving import serving


@contextmanager
def receiving(hold: Callable[[], object] = lambda: None) -> Iterator[tuple[str, list[bytes]]]:
    """What stands at the public address: it keeps the bodies that it gets, and answers when `hold` returns."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            hold()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}", got


def names_in(got: Sequence[bytes]) -> list[str]:
    return [name for body in got for name in Order.decode(body).users]
