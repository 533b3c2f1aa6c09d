"""Announce work: send requests to the service's public address, so that an instance leases the work and holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Final

import httpx

from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.own_requests import make_client
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.work_order import HOLD, NAMES_AT_MOST, ROUTE, Order

SENT_AT_MOST: Final = 60  # requests under way
SENT_WITHIN: Final = 1.0  # seconds that a webhook, and the end of a drain, wait for a request to be on its way
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
        *,
        tls: bool,
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._metrics = metrics
        self._note = note
        self._http = make_client(HOLD, connections=SENT_AT_MOST, tls=tls)
        self._pending: set[str] = set()  # users for the next request
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
        self._pending.update(names)
        try:
            async with asyncio.timeout(SENT_WITHIN), self._sending:  # those who wait here are sent together
                while self._pending:
                    batch = [self._pending.pop() for _ in range(min(NAMES_AT_MOST, len(self._pending)))]
                    await self._until_sent(batch)
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
        await self._http.aclose()

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
        async def trace(event: str, _: object) -> None:
            if event.endswith(".send_request_body.complete"):
                sent.set()

        headers = {"Authorization": f"Bearer {self._tokens[0]}", "Content-Type": "application/json"}
        try:
            answer = await self._http.post(
                self._address.url + ROUTE, content=body, headers=headers, extensions={"trace": trace}
            )
        except httpx.ReadTimeout:  # it was held for longer than anything takes, or this instance had no processor
            return "late"
        except httpx.HTTPError as error:
            log.debug("no request could be kept open", extra={"cause": type(error).__name__})
            return "failed"
        return {204: "held", 409: "elsewhere"}.get(answer.status_code, "refused")
