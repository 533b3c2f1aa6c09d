"""Break a connection on purpose, as a killed process or a cut cable does."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios

from aiohttp import web


class DroppedConnection(Exception):
    """A request whose connection is to be reset without an answer."""


async def reset(request: web.Request) -> None:
    """Abort with a TCP reset: the client sees the connection die, never a clean end.

    What was written before reaches the client first: a reset throws away what has not left yet.
    """
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        await _all_left(connection)
        # Zero linger makes the kernel answer with RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _all_left(connection: socket.socket) -> None:
    """Wait until the client's machine has acknowledged every byte, for at most a second."""
    for _ in range(100):
        left = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        if left == 0:
            return
        await asyncio.sleep(0.01)


def cut_chunk(request: web.Request, sent: bytes) -> None:
    """Announce a larger chunk than is sent, then close: what a killed worker leaves behind."""
    transport = request.transport
    if transport is None:
        return
    transport.write(b"%x\r\n" % (len(sent) + 512) + sent)
    transport.close()
