"""Break a connection on purpose, the way a killed process or a cut cable does."""

from __future__ import annotations

import socket
import struct

from aiohttp import web


class Dropped(Exception):
    """A request whose connection is to be reset without an answer."""


def reset(request: web.Request) -> None:
    """Abort with a TCP reset: the client sees the connection die, never a clean end."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Zero linger makes the kernel answer with RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def cut_chunk(request: web.Request, sent: bytes) -> None:
    """Announce a larger chunk than is sent, then close: what a killed worker leaves behind."""
    transport = request.transport
    if transport is None:
        return
    transport.write(b"%x\r\n" % (len(sent) + 512) + sent)
    transport.close()
