"""A service that starts at once and says what its container holds, in the place of the real one."""

from __future__ import annotations

from tests.e2e.checkout import Checkout

SOURCE = """
import http.server, json, os

INSTANCE = {"instance": "0a1b2c3d", "shared": False}
LETTER = {"id": "17", "died": "2026-11-03T09:12:00Z", "kind": "text"}
INBOX = {
    "/inbox": {"users": 0, "messages": 0, "states": {}, "oldest_seconds": None, "complete": True, "given_up": 1},
    "/inbox/dead": {"letters": [LETTER]},
    "/inbox/replay": {"replayed": ["17"], "unknown": [], "starts_within_seconds": 1},
}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        page = INBOX.get(self.path.partition("?")[0])
        body = json.dumps({**INSTANCE, **page} if page else dict(os.environ)).encode()
        self.send_response(200)
        self.send_header("X-App-Release", RELEASE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass

RELEASE = os.environ["APP_RELEASE"]
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
# Healthy for App Runner, which asks only for a 200; but never seen at its public URL by the id of its release.
SILENT = SOURCE.replace('os.environ["APP_RELEASE"]', '"another"')
BROKEN = 'raise SystemExit("a mistake at the start")\n'


def install(checkout: Checkout, source: str = SOURCE) -> None:
    """Put it into the checkout, uncommitted."""
    (checkout.root / "ansari_whatsapp" / "__main__.py").write_text(source)


def commit(checkout: Checkout, source: str = SOURCE) -> None:
    """Put it into the checkout and commit everything."""
    install(checkout, source)
    checkout.git("commit", "--all", "--quiet", "--message", "a tiny service")
