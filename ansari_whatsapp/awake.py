"""Keep the processor of the one instance that has the inbox: hold a request to itself open while messages wait.

docs/explanation/service.md describes it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

import httpx
from sanic import HTTPResponse, Request, Sanic

from ansari_whatsapp.cpu import CpuState
from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.own_requests import is_authorized, make_client
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.refusals import not_served
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.worker import Worker

ROUTE: Final = "/awake"
HOLD: Final = 25.0  # seconds; the server ends a request that takes longer than 30
RENEW_BEFORE: Final = 5.0  # seconds before the end of a held request, so that the next one is there in time
ATTEMPTS: Final = 10  # behind a load balancer a request may reach another instance
REACH_WITHIN: Final = 5.0  # seconds for one attempt
ANNOUNCE_WITHIN: Final = 1.0  # seconds
AFTER_FAILURE: Final = 5.0  # seconds
CHECK_EVERY: Final = 0.2  # seconds between two counts of what waits, while nothing is being answered


class Awake:
    """See Cpu, for an inbox that is not shared: only this instance can do the work.

    The request carries a token that only this process knows. So the process recognises whether its request has
    reached itself and not another instance. `announce_within` is how many seconds a webhook waits at most for the first
    request to be held.
    """

    may_lease = True

    def __init__(
        self,
        address: PublicAddress,
        inbox: Inbox,
        worker: Worker,
        metrics: Metrics,
        *,
        tls: bool,
        announce_within: float = ANNOUNCE_WITHIN,
    ) -> None:
        self._address = address
        self._inbox = inbox
        self._worker = worker
        self._metrics = metrics
        self._announce_within = announce_within
        self._token = secrets.token_urlsafe(24)
        self._http = make_client(HOLD, connections=ATTEMPTS, tls=tls)
        self._state = CpuState.UNKNOWN
        self._ends: list[float] = []  # of the held requests, on the monotonic clock
        self._announced = 0
        self._asked = asyncio.Event()  # a request is needed
        self._arrived, self._tried = asyncio.Event(), asyncio.Event()  # one is held; or none can be, or need be
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self._requests: set[asyncio.Task[int]] = set()

    @property
    def state(self) -> CpuState:
        return self._state if self._address.url else CpuState.UNKNOWN

    def add_to(self, app: Sanic[Any, Any]) -> None:
        app.add_route(self.hold, ROUTE, methods=["POST"])

    def learn(self, request: Request) -> None:
        self._address.learn(request.headers)

    def start(self) -> None:
        self._worker.start()
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self._stopping = True
        tasks = [*self._requests, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    async def announce(self, names: Collection[str]) -> None:
        """Return when a request is held: the instance may lose its processor right after the webhook's answer.

        Without work, as after a webhook that was delivered again, none is needed.
        """
        del names
        self._announced += 1
        if self._ends or not self._address.url:
            return
        self._tried.clear()
        self._asked.set()
        if self._state is not CpuState.UNHELD:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._announce_within):
                    await self._tried.wait()

    async def hold(self, request: Request) -> HTTPResponse:
        """Return when no message waits any more, or after HOLD."""
        if not is_authorized(request, [self._token]):
            return not_served()
        end = time.monotonic() + HOLD
        self._ends.append(end)
        self._state = CpuState.HELD
        self._arrived.set()
        self._tried.set()
        try:
            await self._until_done(end)
        finally:
            self._ends.remove(end)
        return HTTPResponse(status=204)

    async def _until_done(self, end: float) -> None:
        while not self._stopping and (left := end - time.monotonic()) > 0:
            announced = self._announced
            if not await self._needed() and announced == self._announced:  # else a message came meanwhile
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(left if self._worker.under_way else min(left, CHECK_EVERY)):
                    await (self._worker.idle() if self._worker.under_way else asyncio.sleep(CHECK_EVERY))

    async def _needed(self) -> bool:
        """Return whether a message is being answered or waits, be it for its next try."""
        if self._worker.under_way:
            return True
        try:
            return await self._inbox.waiting() > 0
        except InboxUnavailable:
            return False

    async def _run(self) -> None:
        """Keep a request open whenever messages wait, until cancelled."""
        while True:
            begun = [asyncio.create_task(self._asked.wait()), asyncio.create_task(self._worker.busy())]
            try:
                await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in begun:
                    task.cancel()
            self._asked.clear()
            await self._keep()
            if not self._asked.is_set():  # else a webhook came meanwhile, and its messages may not have been counted
                self._tried.set()

    async def _keep(self) -> None:
        while await self._needed():
            left = max(self._ends, default=0.0) - time.monotonic()
            if left > RENEW_BEFORE:
                await self._pause(min(left - RENEW_BEFORE, CHECK_EVERY))
            elif not self._address.url or not await self._reach():
                await self._pause(AFTER_FAILURE)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        self._asked.clear()

    async def _reach(self) -> bool:
        """Let a request reach this instance; return whether one is held."""
        for _ in range(ATTEMPTS):
            self._arrived.clear()
            request = asyncio.create_task(self._post())
            self._requests.add(request)
            request.add_done_callback(self._requests.discard)
            arrival = asyncio.create_task(self._arrived.wait())
            await asyncio.wait({request, arrival}, timeout=REACH_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            arrival.cancel()
            if self._arrived.is_set():
                self._metrics.own_requests["held"].inc()
                return True
            if not request.done():
                request.cancel()
                break
            if not request.result():
                break
        self._metrics.own_requests["failed"].inc()
        self._state = CpuState.UNHELD
        self._tried.set()
        log.warning("the CPU may be throttled: no request to the public address reaches this instance")
        return False

    async def _post(self) -> int:
        """Send one request; return the status of its answer, 0 if there is none."""
        try:
            url, headers = self._address.url + ROUTE, {"Authorization": f"Bearer {self._token}"}
            return (await self._http.post(url, headers=headers)).status_code
        except httpx.HTTPError as error:
            log.debug("no request could be kept open", extra={"cause": type(error).__name__})
            return 0
