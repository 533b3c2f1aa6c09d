"""Small HTTP servers and applications inside a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

from aiohttp import web
from anyio.from_thread import start_blocking_portal


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], server_type: type[HTTPServer] = ThreadingHTTPServer
) -> Iterator[HTTPServer]:
    """Serve requests on a free port of 127.0.0.1 until the block ends."""
    server = server_type(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own until the block ends."""
    with start_blocking_portal() as portal:
        yield portal.call(asyncio.get_running_loop)


@contextmanager
def serving_apps(*apps: web.Application) -> Iterator[list[str]]:
    """Serve applications on free ports of 127.0.0.1 until the block ends; yields their addresses."""
    with start_blocking_portal() as portal, ExitStack() as stack:
        yield [stack.enter_context(portal.wrap_async_context_manager(_served(app))) for app in apps]


@asynccontextmanager
async def _served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
