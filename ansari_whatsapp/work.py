"""Bring the work of a shared inbox to an instance that has its processor: the one that holds a request.

docs/explanation/service.md describes it.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, Final

from sanic import HTTPResponse, Request, Sanic

from ansari_whatsapp.announcer import Announcer
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.cpu import CpuState
from ansari_whatsapp.held_requests import HeldRequest, HeldRequests
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.named_work import NamedWork
from ansari_whatsapp.own_requests import is_authorized, may_take
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.refusals import not_served
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.work_order import HOLD, NAMES_AT_MOST, ROUTE, Order
from ansari_whatsapp.worker import Worker

RENEW_BEFORE: Final = 20.0  # seconds before the end of the last held request
RENEW_EVERY: Final = 0.5  # seconds between two requests that try to reach this instance
AFTER_FAILURE: Final = 5.0  # seconds between two such requests, when none is held


class Work:
    """See Cpu, for an inbox that all instances share.

    Before a webhook is answered, a request that names its users is sent to the service's public address. Whichever
    instance it reaches leases their work and holds the request until it is done. Work that has to wait, for its next
    try or for another lessee, is kept in mind, and brought to an instance by another request when it is due.

    While the public address is not known or cannot be reached, every instance leases what it finds, as on a platform
    that leaves it its processor.
    """

    def __init__(
        self,
        address: PublicAddress,
        tokens: Sequence[str],
        inbox: Inbox,
        worker: Worker,
        circuit: Circuit,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._inbox = inbox
        self._worker = worker
        self._clock = clock
        self._announcer = Announcer(address, tokens, metrics, self._note)
        self._instance = secrets.token_urlsafe(9)
        self._state = CpuState.UNKNOWN
        self._held = HeldRequests(clock)
        self._named = NamedWork(inbox, worker, circuit)
        self._sweeping = asyncio.Lock()
        self._swept = -math.inf
        self._changed = asyncio.Event()
        self._stopped = False
        self._loop: asyncio.Task[None] | None = None
        self._beginning: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> CpuState:
        return self._state if self._address.url else CpuState.UNKNOWN

    @property
    def may_lease(self) -> bool:
        return not self._address.url or self._state is CpuState.UNHELD

    def add_to(self, app: Sanic[Any, Any]) -> None:
        app.add_route(self.serve, ROUTE, methods=["POST"])

    def learn(self, request: Request) -> None:
        self._address.learn(request.headers)

    def start(self) -> None:
        self._worker.start(self)
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if not self.may_lease:
            await self._send(self._named.users)  # the worker has given back what it could not finish
        self._stopped = True
        self._settle()
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await self._announcer.aclose()

    async def announce(self, names: Collection[str]) -> None:
        """Send one request for all users that are announced at the same time; return when it is on its way."""
        if self._stopped or not self._address.url:  # another instance finds the work in the inbox
            return
        if self._state is CpuState.UNHELD:  # this instance does the work; the request shows whether that is over
            if not self._announcer.under_way:
                self._announcer.start(names)
            return
        await self._send(names)

    async def begin(self) -> None:
        """See Leasing: lease what is due while this instance has its processor for long enough, else announce it."""
        if self.may_lease or self._held.may_begin:
            async with self._sweeping:
                await self._sweep()
        elif names := await self._inbox.due(time.time()):
            await self.announce(names[:NAMES_AT_MOST])

    def ended(self, job: Job, again: float | None) -> None:
        """See Leasing."""
        self._named.note(self._inbox.name_of(job.message.user), again)
        self._settle()

    async def serve(self, request: Request) -> HTTPResponse:
        """Do the work of the named users, and other due work; return when it is done, or after HOLD."""
        if not is_authorized(request, self._tokens):
            return not_served()
        self.learn(request)
        if self._worker.draining:
            return HTTPResponse(status=503)
        try:
            order = Order.decode(request.body)
        except ValueError:
            return HTTPResponse(status=400)
        if order.instance not in {"", self._instance}:
            return HTTPResponse(status=409)
        held = self._held.add()
        self._state = CpuState.HELD
        may_take(request, HOLD)
        beginning = asyncio.create_task(self._begin(held, order))
        self._beginning.add(beginning)
        beginning.add_done_callback(self._beginning.discard)
        try:
            await held.wait()
        finally:  # the jobs are answered on when the connection breaks
            self._held.remove(held)
            self._settle()
            may_take(request, None)
        return HTTPResponse(status=204)

    async def _begin(self, held: HeldRequest, order: Order) -> None:
        """Begin the work that a request brings; a task of its own, because a granted lease must not be lost."""
        try:
            held.tasks += await self._named.lease(order.users)
            async with self._sweeping:
                if not order.instance and self._clock() - self._swept >= self._inbox.poll:
                    await self._sweep()
        finally:
            held.leasing = False
            self._settle()

    async def _sweep(self) -> None:
        self._swept = self._clock()
        try:
            await self._worker.begin()
        except InboxUnavailable as error:
            log.warning("the inbox cannot be used", extra={"cause": str(error)})

    def _settle(self) -> None:
        """End the held requests that are not needed any more.

        The last of them stays until nothing is being answered and nothing has to be kept in mind.
        """
        self._changed.set()
        if self._stopped:
            self._held.end_all()
        else:
            self._held.end(wanted=bool(self._worker.under_way or self._named.users))

    async def _run(self) -> None:
        """Announce what was kept in mind when it is due, and keep a request open while jobs are being answered."""
        while True:
            self._changed.clear()
            wait = await self._due_later()
            if self._announcer.behind:  # a webhook did not wait for them
                await self._send(())
            if self._worker.under_way and not self.may_lease:
                left = self._held.left
                wait = min(wait, await self._renew() if left <= RENEW_BEFORE else left - RENEW_BEFORE)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0.0)):
                    await self._changed.wait()

    async def _due_later(self) -> float:
        """Announce the users whose work is due; return the seconds until the next is.

        When the last held request ends, all are announced, and the instance that takes them keeps them in mind.
        """
        now = time.time()
        ends = 0 < self._held.left <= RENEW_BEFORE and not self._worker.under_way
        if names := self._named.take_due(math.inf if ends else now):
            if self.may_lease:
                self._worker.look()
            else:
                await self._send(names)
            self._settle()
        if (due := self._named.next_due) is None:
            return HOLD
        left = self._held.left
        return min(due - now, left - RENEW_BEFORE) if left > RENEW_BEFORE else due - now

    async def _renew(self) -> float:
        """Send a request that only this instance holds; return the seconds until the next try."""
        before = len(self._held)
        task = self._announcer.start((), self._instance)
        self._changed.clear()
        changed = asyncio.create_task(self._changed.wait())
        await asyncio.wait({task, changed}, timeout=AFTER_FAILURE, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        if len(self._held) > before:
            return 0.0
        return RENEW_EVERY if self._held else AFTER_FAILURE

    async def _send(self, names: Collection[str]) -> None:
        if not await self._announcer.announce(names):
            self._changed.set()

    def _note(self, reached: bool) -> None:
        """Note whether a request to the public address has reached an instance."""
        if reached:
            self._state = CpuState.HELD
        elif not self._worker.draining:
            self._state = CpuState.UNHELD
            log.warning("the CPU may be throttled: no request to the public address reaches an instance")
            self._worker.look()
