"""Announce work: send requests to the service's public address, so that an instance leases the work and holds them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Final

import aiohttp

from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.own_requests import CONNECT_WITHIN, MARGIN
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.work_order import HOLD, NAMES_AT_MOST, ROUTE, Order

SENT_AT_MOST: Final = 60  # requests under way
SENT_WITHIN: Final = 1.0  # seconds that a webhook, and the end of a drain, wait for a request to be on its way
SPACING: Final = 0.005  # seconds between two requests: under load, more users share one (docs/contributing/speed.md)
ATTEMPTS: Final = 3


class Announcer:
    """Sends the requests, with the first of the tokens.

    `note` is called with True when an instance has held a request, and with False when no attempt reached one.
    """

    def __init__(
        self,
        address: PublicAddress,
        tokens: Sequence[str],
        metrics: Metrics,
        note: Callable[[bool], None],
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._metrics = metrics
        self._note = note
        self._http: aiohttp.ClientSession | None = None
        self._pending: dict[str, int] = {}  # users for the next requests, the longest waiting first, by announcement
        self._announcements = 0
        self._sent_at = -math.inf  # on the monotonic clock
        self._sending = asyncio.Lock()
        self._requests: set[asyncio.Task[bool]] = set()

    @property
    def under_way(self) -> int:
        """Return how many requests are under way."""
        return len(self._requests)

    @property
    def behind(self) -> bool:
        """Return whether users are left for whom no request is being sent, because nothing waited for it any more."""
        return bool(self._pending) and not self._sending.locked()

    async def announce(self, names: Collection[str]) -> bool:
        """Send one request for all users that are announced at the same time, and for those that are left.

        Returns when it is on its way, or False after SENT_WITHIN.
        """
        self._announcements += 1
        this = self._announcements
        for name in names:
            self._pending.setdefault(name, this)
        try:
            async with asyncio.timeout(SENT_WITHIN), self._sending:  # those who wait here are sent together
                while self._waiting_since(this):
                    await asyncio.sleep(max(0.0, self._sent_at + SPACING - time.monotonic()))
                    await self._until_sent(self._next_batch())
                    self._sent_at = time.monotonic()
        except TimeoutError:
            self._metrics.own_requests["not_sent_yet"].inc()
            log.warning("a request to the public address was not sent in time")
            return False
        return True

    def start(self, names: Collection[str], instance: str = "") -> asyncio.Task[bool]:
        """Start to send a request, and wait for nothing; the task returns whether an instance has held it.

        A request for one `instance` is tried once, and `note` is not called if it fails.
        """
        return self._start(Order(tuple(names), instance), asyncio.Event())

    async def aclose(self) -> None:
        """End all requests."""
        tasks = list(self._requests)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def _waiting_since(self, announcement: int) -> bool:
        """Return whether a user waits that was announced then or earlier."""
        return any(number <= announcement for number in islice(self._pending.values(), 1))

    def _next_batch(self) -> Sequence[str]:
        batch = list(islice(self._pending, NAMES_AT_MOST))
        for name in batch:
            del self._pending[name]
        return batch

    async def _until_sent(self, names: Sequence[str]) -> None:
        sent = asyncio.Event()
        task = self._start(Order(tuple(names)), sent)
        task.add_done_callback(lambda _: sent.set())
        await sent.wait()

    def _start(self, order: Order, sent: asyncio.Event) -> asyncio.Task[bool]:
        task = asyncio.create_task(self._request(order, sent))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return task

    async def _request(self, order: Order, sent: asyncio.Event) -> bool:
        """Send a request until an instance has held it; return whether one has."""
        body = order.encode()
        for attempt in range(1 if order.instance else ATTEMPTS):
            if attempt:
                await asyncio.sleep(0.1 * 2**attempt)
            outcome = await self._post(body, sent)
            self._metrics.own_requests[outcome].inc()
            if outcome in {"held", "late"}:
                self._note(True)
                return True
        if not order.instance:
            self._note(False)
        return False

    async def _post(self, body: bytes, sent: asyncio.Event) -> str:
        self._http = self._http or _client()
        headers = {"Authorization": f"Bearer {self._tokens[0]}", "Content-Type": "application/json"}
        request = self._http.post(
            self._address.url + ROUTE, data=body, headers=headers, allow_redirects=False, trace_request_ctx=sent
        )
        try:
            async with request as answer:
                return {204: "held", 409: "elsewhere"}.get(answer.status, "refused")
        except aiohttp.SocketTimeoutError:  # it was held for longer than anything takes, or this instance had no CPU
            return "late"
        except (aiohttp.ClientError, OSError) as error:
            log.debug("no request could be kept open", extra={"cause": type(error).__name__})
            return "failed"


def _client() -> aiohttp.ClientSession:
    """Return a client for held requests; the `trace_request_ctx` of a request is set when all of it was sent.

    It takes a fraction of the processor time of httpx, and every webhook waits for it: docs/contributing/speed.md.
    """

    async def note_sent(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.set()

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(note_sent)  # the body is one chunk
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=SENT_AT_MOST, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN, sock_read=HOLD + MARGIN),
        trace_configs=[trace],
    )
