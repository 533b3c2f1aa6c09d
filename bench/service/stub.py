"""A DynamoDB that keeps nothing, and the other instances of a service: `python -m bench.service.stub PORT`.

Both answer at once: what calls them is measured. They are a process of their own, which takes less time than its
callers.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any, cast

import orjson
import uvloop

TAKEN = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
WORK = b"POST /work "
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%b"
TARGET = re.compile(rb"x-amz-target:\s*DynamoDB_20120810\.(\w+)", re.IGNORECASE)
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
ASSIGNED = re.compile(r"(#\d+) = (:\d+)(?:,| |$)")


class Connection(asyncio.Protocol):
    """One kept connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            length = LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not end or len(rest) < size:
                return
            body, self._buffer = rest[:size], rest[size:]
            if head.startswith(WORK):
                self._transport.write(TAKEN)
                self._transport.close()
                return
            target = TARGET.search(head)
            answer = answer_to(target[1].decode(), body) if target else b"{}"
            self._transport.write(HEAD % (len(answer), answer))


def answer_to(operation: str, body: bytes) -> bytes:
    """Every condition holds, and no item exists."""
    if operation == "Query":
        return b'{"Items":[],"Count":0,"ScannedCount":0}'
    if operation == "UpdateItem" and b'"ALL_NEW"' in body:
        return orjson.dumps({"Attributes": _assigned(orjson.loads(body))})
    return b"{}"


def _assigned(request: dict[str, Any]) -> dict[str, Any]:
    """The attributes that an update sets to a value."""
    names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
    assigned = {names[name]: values[value] for name, value in ASSIGNED.findall(request["UpdateExpression"])}
    return {**request["Key"], **assigned}


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
