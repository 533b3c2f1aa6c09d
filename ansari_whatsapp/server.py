"""Serve the app until SIGTERM or SIGINT, and stop in order."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Any, Final

from sanic import Sanic
from sanic.server.socket import bind_socket

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
LOOK_EVERY: Final = 0.1  # seconds


def serve(app: Sanic[Any, Any], host: str, port: int) -> None:
    """Listen, and return after a signal, when requests under way have ended. Raises OSError if the port is taken.

    `Sanic.run` listens before it handles signals, and ignores them for a moment in between: a SIGTERM at that time ends
    the process without an orderly stop, or is lost. Here signals are handled from the beginning.
    """
    with bind_socket(host, port) as listener, asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(app, listener))


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 -- it is not made for every platform
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(app: Sanic[Any, Any], listener: socket.socket) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    server: Any = await app.create_server(  # its methods have no types
        sock=listener,
        return_asyncio_server=True,
        access_log=False,
        asyncio_server_kwargs={"start_serving": False},  # requests wait in the socket's queue
    )
    await server.startup()
    await server.before_start()
    await server.start_serving()
    await server.after_start()
    await stop.wait()
    for number in SIGNALS:  # another one ends the process at once
        loop.remove_signal_handler(number)
    await server.before_stop()
    await _close(server, app.config.GRACEFUL_SHUTDOWN_TIMEOUT)
    await server.after_stop()


async def _close(server: Any, patience: float) -> None:
    """Accept no more connections, and wait up to `patience` seconds for requests under way."""
    server.close()
    end = asyncio.get_running_loop().time() + patience
    while server.connections and asyncio.get_running_loop().time() < end:
        for connection in tuple(server.connections):
            connection.close_if_idle()
        await asyncio.sleep(LOOK_EVERY)
    for connection in tuple(server.connections):
        connection.abort()
