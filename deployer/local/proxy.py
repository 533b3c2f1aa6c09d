"""The public port of a service: an HTTP proxy that passes each request to the current version.

It counts the requests inside each version, so that a replaced one can finish what it has before it is stopped.
Every request to an instance has a connection of its own: one that was kept alive could be closed by the instance
at the moment of use, and a POST lost that way must not be sent twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, MultiMapping
from yarl import URL

# RFC 9110, section 7.6.1: meant for one connection only. `Expect` is answered here.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
LARGEST_HEADER = 64 * 1024  # bytes


class Serving(Protocol):
    """An instance as the proxy sees it."""

    @property
    def port(self) -> int: ...

    @property
    def requests(self) -> int:
        """The number of requests in flight."""

    def request(self) -> AbstractContextManager[None]:
        """Count a request in flight."""


class Generation:
    """A version as the proxy sees it: its healthy instances, and the requests inside. Of one loop.

    `crowded` is set when a request enters that is more than `room`.
    """

    def __init__(self) -> None:
        self.room = math.inf
        self.crowded = asyncio.Event()
        self._instances: list[Serving] = []
        self._turn = 0
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    def __bool__(self) -> bool:
        return bool(self._instances)

    def __contains__(self, instance: Serving) -> bool:
        return instance in self._instances

    @property
    def requests(self) -> int:
        """The number of requests in flight."""
        return self._inside

    def add(self, instance: Serving) -> None:
        self._instances.append(instance)

    def remove(self, instance: Serving) -> None:
        if instance in self._instances:
            self._instances.remove(instance)

    def turn(self) -> list[Serving]:
        """Return the instances in the order to try for the next request: fewest requests first, then round robin."""
        if not self._instances:
            return []
        self._turn = (self._turn + 1) % len(self._instances)
        return sorted(self._instances[self._turn :] + self._instances[: self._turn], key=lambda one: one.requests)

    @contextmanager
    def entered(self) -> Iterator[None]:
        self._inside += 1
        self._empty.clear()
        if self._inside > self.room:
            self.crowded.set()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def drained(self, seconds: float) -> bool:
        """Wait until no request is inside; False when `seconds` were not enough."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True


class Split:
    """Two versions that share the requests. Of `every` requests, one goes to `canary`, the others to `stable`."""

    def __init__(self, stable: Generation, canary: Generation, every: float) -> None:
        self._stable = stable
        self._canary = canary
        self._every = every
        self._due = 0.0

    def pick(self) -> Generation:
        """Return the version for the next request."""
        self._due += 1
        if self._due < self._every:
            return self._stable
        self._due -= self._every
        return self._canary


class Proxy:
    """A proxy on one port of 127.0.0.1. `current` may change at any moment; None answers 503.

    `seen` gets the status of each answer that a version has given.
    """

    def __init__(self, *, request_limit: float, seen: Callable[[int], None] | None = None) -> None:
        self.current: Generation | Split | None = None
        self._limit = request_limit
        self._seen = seen
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._upstream: aiohttp.ClientSession | None = None

    async def open(self, port: int) -> None:
        """Raises OSError when the port is taken."""
        server = web.Server(
            self._answer,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            max_line_size=LARGEST_HEADER,
            max_field_size=LARGEST_HEADER,
        )
        self._listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", port, backlog=1024)
        self._server = server
        self._upstream = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            max_line_size=LARGEST_HEADER,
            max_field_size=LARGEST_HEADER,
        )

    async def close(self, *, within: float) -> None:
        """Stop listening, let the requests inside end within that many seconds, close every connection."""
        if self._listener is None or self._server is None or self._upstream is None:
            return
        self._listener.close()
        self._server.pre_shutdown()
        await self._server.shutdown(within)
        await self._upstream.close()
        self._listener = self._server = self._upstream = None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        current = self.current
        if current is None:
            return _refusal(503, "the service is not running")
        generation = current.pick() if isinstance(current, Split) else current
        with generation.entered():
            response = await self._forward(request, generation)
        if self._seen is not None:
            self._seen(response.status)
        return response

    async def _forward(self, request: web.BaseRequest, generation: Generation) -> web.StreamResponse:
        response = web.StreamResponse()
        try:
            async with asyncio.timeout(self._limit):
                await _welcome(request)
                for instance in generation.turn():
                    if instance not in generation:
                        continue  # it was stopped meanwhile
                    try:
                        with instance.request():
                            await self._pass(request, response, instance.port)
                    except aiohttp.ClientConnectorError:
                        continue  # it was never connected, so nothing was sent
                    return response
        except TimeoutError:
            return _broken(request, response, 504, f"the service did not answer within {self._limit:g} seconds")
        except (aiohttp.ClientError, ConnectionError):
            return _broken(request, response, 502, "the instance closed the connection without a whole answer")
        return _refusal(503, "no instance of the service takes connections")

    async def _pass(self, request: web.BaseRequest, response: web.StreamResponse, port: int) -> None:
        assert self._upstream is not None
        async with self._upstream.request(
            request.method,
            URL(f"http://127.0.0.1:{port}{_target(request)}", encoded=True),
            headers=_request_headers(request),
            data=request.content if request.body_exists else None,
            allow_redirects=False,
        ) as answer:
            response.set_status(answer.status, answer.reason)
            response.headers.extend(_kept(answer.headers))
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()


async def _welcome(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


def _target(request: web.BaseRequest) -> str:
    """Return path and query exactly as the client wrote them."""
    return request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs


def _request_headers(request: web.BaseRequest) -> CIMultiDict[str]:
    headers = _kept(request.headers)
    hops = [*headers.popall("X-Forwarded-For", []), request.remote or "unknown"]
    headers["X-Forwarded-For"] = ", ".join(hops)
    headers["X-Forwarded-Proto"] = "http"
    return headers


def _kept(headers: MultiMapping[str]) -> CIMultiDict[str]:
    """Return the headers that are forwarded to the next hop."""
    named = {name.strip().lower() for line in headers.getall("Connection", []) for name in line.split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP | named)


def _refusal(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n")


def _broken(request: web.BaseRequest, response: web.StreamResponse, status: int, why: str) -> web.StreamResponse:
    """Report a broken request. An answer that has begun can only be cut off."""
    if not response.prepared:
        return _refusal(status, why)
    if request.transport is not None:
        request.transport.abort()
    return response
