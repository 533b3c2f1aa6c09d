"""Signed webhooks over kept connections: `python -m bench.service.load PORT`, which prints what it saw as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import cast

import uvloop

from ansari_whatsapp.signature import HEADER, Signer
from tests.ansari_whatsapp.world import APP_SECRET, envelope, text, value

BYTES = 663  # of one webhook with one text message
MARK = "wamid." + "0" * 50


@dataclass
class Seen:
    """Seconds from the moment a webhook should have been sent to its whole answer; `refused` counts other than 200."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0


class Webhooks:
    """Every request is a new message of one of a thousand users.

    It is sent to `host`, where the service learns its public address: at another one it would not reach itself.
    """

    def __init__(self, secret: str, host: str) -> None:
        self._signer = Signer(secret)
        self._host = host.encode()
        self._run = f"{os.getpid():08}{time.time_ns() % 10**10:010}"
        self._count = 0
        profile = [{"profile": {"name": "A user"}, "wa_id": "15551230000"}]
        empty = envelope(value(text("", MARK), contacts=profile))
        body = envelope(value(text("a" * (BYTES - len(empty)), MARK), contacts=profile))
        self._before, _, self._after = body.partition(MARK.encode())
        self._user = b"15551230000"

    def next(self) -> bytes:
        """The bytes of the next request."""
        self._count += 1
        wamid = f"wamid.{self._run}{self._count:032}".encode()
        user = b"1559%07d" % (self._count % 1000)
        body = (self._before + wamid + self._after).replace(self._user, user)
        return (
            b"POST /whatsapp/v2 HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n"
            b"%b: %b\r\nContent-Length: %d\r\n\r\n%b"
            % (self._host, HEADER.encode(), self._signer.sign(body).encode(), len(body), body)
        )


class Connection(asyncio.Protocol):
    """One kept connection, one request at a time; `free` is told when the next may be sent."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._since = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name
        self._load.free(self)

    def send(self, since: float, request: bytes) -> None:
        assert self._transport is not None
        self._since = since
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if not end or len(body) < int(length):
            return
        self._buffer = b""
        self._load.answered(self._since, ok=head[9:12] == b"200")
        self._load.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(exc)


class Load:
    """With a `rate` it sends that many a second, whatever comes back; without one, the next after each answer."""

    def __init__(self, webhooks: Webhooks, seconds: float, rate: float) -> None:
        self.seen = Seen()
        self._webhooks = webhooks
        self._seconds = seconds
        self._rate = rate
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._open = 0
        self._over = True

    async def run(self, port: int, connections: int) -> float:
        """Returns how many seconds it lasted."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
        self._over = False
        begin = time.perf_counter()
        end = begin + self._seconds
        if not self._rate:
            for connection in [self._idle.popleft() for _ in range(connections)]:
                self.free(connection)
        sent = 0
        while (now := time.perf_counter()) < end:
            if not self._rate:
                await asyncio.sleep(end - now)
                continue
            while sent < (now - begin) * self._rate:
                self._due.append(begin + sent / self._rate)
                sent += 1
            self._send()
            await asyncio.sleep(max(0.0, begin + sent / self._rate - time.perf_counter()))
        self._over = True
        took = time.perf_counter() - begin
        for _ in range(200):  # the last answers of an open load; those of a closed one are counted no more
            if not self._open and not self._due:
                break
            self._send()
            await asyncio.sleep(0.01)
        return took

    def free(self, connection: Connection) -> None:
        if not self._over and not self._rate:
            self._open += 1
            connection.send(time.perf_counter(), self._webhooks.next())
            return
        self._idle.append(connection)
        self._send()

    def answered(self, since: float, *, ok: bool) -> None:
        self._open -= 1
        if self._over and not self._rate:
            return
        self.seen.latencies.append(time.perf_counter() - since)
        self.seen.refused += not ok

    def lost(self, error: Exception | None) -> None:
        self.seen.lost += error is not None or not self._over

    def _send(self) -> None:
        while self._due and self._idle:
            self._open += 1
            self._idle.popleft().send(self._due.popleft(), self._webhooks.next())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=0.0, help="a second; 0: as fast as answers come")
    options = parser.parse_args()
    load = Load(Webhooks(APP_SECRET, f"127.0.0.1:{options.port}"), options.seconds, options.rate)
    took = uvloop.run(load.run(options.port, options.connections))
    latencies = sorted(load.seen.latencies)
    seen = {
        "answered": len(latencies),
        "per_second": len(latencies) / took,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        "refused": load.seen.refused,
        "lost": load.seen.lost,
    }
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
