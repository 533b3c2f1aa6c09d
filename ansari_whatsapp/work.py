"""Bring the work of a shared inbox to an instance that has its processor: the one that holds a request.

docs/explanation/service.md describes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx
import orjson
from sanic import HTTPResponse, Request, Sanic

from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.cpu import CpuState
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.own_requests import is_authorized, make_client, may_take
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.worker import Worker

ROUTE: Final = "/work"
HOLD: Final = 100.0  # seconds: a platform may end a request after 120
BEGIN_WITHIN: Final = 10.0  # seconds of a held request in which jobs are begun that nobody named
RENEW_BEFORE: Final = 20.0  # seconds before the end of the last held request
RENEW_EVERY: Final = 0.5  # seconds between two requests that try to reach this instance
HELD_AT_MOST: Final = 40  # requests: a platform may refuse webhooks above a number of requests in flight
SENT_AT_MOST: Final = 60  # requests under way
NAMES_AT_MOST: Final = 200  # users in one request
LONGEST_NAME: Final = 64  # characters
ATTEMPTS: Final = 3
SENT_WITHIN: Final = 1.0  # seconds that a webhook, and the end of a drain, wait for a request to be on its way
AFTER_FAILURE: Final = 5.0  # seconds
NO_ROOM: Final = 1.0  # seconds until work is offered again, when an instance is at its limit


@dataclass(frozen=True)
class Order:
    """The body of a request: whose work is due, by the inbox's own names, or which instance is meant to hold it."""

    users: tuple[str, ...] = ()
    instance: str = ""

    def encode(self) -> bytes:
        return orjson.dumps({"users": self.users, "instance": self.instance})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Parse a body. Raises ValueError."""
        found = orjson.loads(body)
        match found:
            case {"users": list(users), "instance": str(instance)} if len(users) <= NAMES_AT_MOST:
                if all(isinstance(user, str) and 0 < len(user) <= LONGEST_NAME for user in users):
                    return cls(tuple(users), instance)
        raise ValueError("not an order")


@dataclass(eq=False)
class _Held:
    """A request that this instance holds. `tasks` answer the jobs that came with it."""

    begun: float
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    leasing: bool = True
    over: asyncio.Event = field(default_factory=asyncio.Event)


def token_of(app_secret: str) -> str:
    """Return the bearer token that all instances with this app secret send and accept."""
    return hmac.digest(app_secret.encode(), b"ansari-whatsapp POST /work", hashlib.sha256).hex()


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
        tls: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._inbox = inbox
        self._worker = worker
        self._circuit = circuit
        self._metrics = metrics
        self._clock = clock
        self._http = make_client(HOLD, connections=SENT_AT_MOST, tls=tls)
        self._instance = secrets.token_urlsafe(9)
        self._state = CpuState.UNKNOWN
        self._held: list[_Held] = []  # oldest first
        self._later: dict[str, float] = {}  # user → when their work is due, in unix seconds
        self._pending: set[str] = set()  # users for the next request
        self._sending, self._sweeping = asyncio.Lock(), asyncio.Lock()
        self._swept = -float("inf")
        self._changed = asyncio.Event()
        self._stopped = False
        self._loop: asyncio.Task[None] | None = None
        self._requests: set[asyncio.Task[bool]] = set()
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
            await self._send(self._later)  # the worker has given back what it could not finish
        self._stopped = True
        self._settle()
        tasks = [*self._requests, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    async def announce(self, names: Collection[str]) -> None:
        """Send one request for all users that are announced at the same time; return when it is on its way."""
        if self._stopped or not self._address.url:  # another instance finds the work in the inbox
            return
        if self._state is CpuState.UNHELD:  # this instance does the work; the request shows whether that is over
            if not self._requests:
                self._start(names, asyncio.Event())
            return
        await self._send(names)

    async def begin(self) -> None:
        """See Leasing: lease what is due while this instance has its processor for long enough, else announce it."""
        if self.may_lease or (self._held and self._clock() - self._held[-1].begun < BEGIN_WITHIN):
            async with self._sweeping:
                await self._sweep()
        elif names := await self._inbox.due(time.time()):
            await self.announce(names[:NAMES_AT_MOST])

    def ended(self, job: Job, again: float | None) -> None:
        """See Leasing."""
        name = self._inbox.name_of(job.message.user)
        if again is None:
            self._later.pop(name, None)
        else:
            self._later[name] = again
        self._settle()

    async def serve(self, request: Request) -> HTTPResponse:
        """Do the work of the named users, and other due work; return when it is done, or after HOLD."""
        if not is_authorized(request, self._tokens):
            return HTTPResponse(status=404)
        self.learn(request)
        if self._worker.draining:
            return HTTPResponse(status=503)
        try:
            order = Order.decode(request.body)
        except ValueError:
            return HTTPResponse(status=400)
        if order.instance not in {"", self._instance}:
            return HTTPResponse(status=409)
        held = _Held(self._clock())
        self._held.append(held)
        self._state = CpuState.HELD
        may_take(request, HOLD)
        beginning = asyncio.create_task(self._begin(held, order))
        self._beginning.add(beginning)
        beginning.add_done_callback(self._beginning.discard)
        try:
            async with asyncio.timeout(HOLD):
                await held.over.wait()
        except TimeoutError:
            pass
        finally:  # the jobs are answered on when the connection breaks
            self._held.remove(held)
            self._settle()
            may_take(request, None)
        return HTTPResponse(status=204)

    async def _begin(self, held: _Held, order: Order) -> None:
        """Begin the work that a request brings; a task of its own, because a granted lease must not be lost."""
        try:
            held.tasks += await self._lease(order.users)
            async with self._sweeping:
                if not order.instance and self._clock() - self._swept >= self._inbox.poll:
                    await self._sweep()
        finally:
            held.leasing = False
            self._settle()

    async def _lease(self, names: Sequence[str]) -> list[asyncio.Task[None]]:
        """Lease the work of these users; return the tasks that answer it. What has to wait is kept in mind."""
        with self._worker.room(len(names)) as room:
            found = await asyncio.gather(*map(self._lease_one, names[:room]))
        retry = time.time() + max(NO_ROOM, self._circuit.left)
        self._later |= dict.fromkeys(names[room:], retry)
        return [task for task in found if task is not None]

    async def _lease_one(self, name: str) -> asyncio.Task[None] | None:
        now = time.time()
        until = self._worker.lease_until(now)
        try:
            turn = await self._inbox.lease_user(name, now, until)
        except InboxUnavailable as error:
            log.warning("the inbox cannot be used", extra={"cause": str(error)})
            self._later[name] = now + AFTER_FAILURE
            return None
        if turn.job is not None:
            self._later.pop(name, None)
            return self._worker.take(turn.job, until)
        if turn.due is None:
            self._later.pop(name, None)
        else:
            self._later[name] = max(turn.due, now + NO_ROOM)
        return None

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
        wanted = bool(self._worker.under_way or self._later)
        for number, held in enumerate(reversed(self._held)):
            done = not held.leasing and all(task.done() for task in held.tasks)
            if self._stopped or number >= HELD_AT_MOST or (done and (number > 0 or not wanted)):
                held.over.set()

    @property
    def _left(self) -> float:
        """Return the seconds until the last held request ends; 0 if none is held."""
        return self._held[-1].begun + HOLD - self._clock() if self._held else 0.0

    async def _run(self) -> None:
        """Announce what was kept in mind when it is due, and keep a request open while jobs are being answered."""
        while True:
            self._changed.clear()
            wait = await self._due_later()
            if self._pending and not self._sending.locked():  # a webhook did not wait for them
                await self._send(())
            if self._worker.under_way and not self.may_lease:
                wait = min(wait, await self._renew() if self._left <= RENEW_BEFORE else self._left - RENEW_BEFORE)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0.0)):
                    await self._changed.wait()

    async def _due_later(self) -> float:
        """Announce the users whose work is due; return the seconds until the next is.

        When the last held request ends, all are announced, and the instance that takes them keeps them in mind.
        """
        now = time.time()
        ends = 0 < self._left <= RENEW_BEFORE and not self._worker.under_way
        names = [name for name, at in self._later.items() if ends or at <= now][:NAMES_AT_MOST]
        if names:
            for name in names:
                del self._later[name]
            if self.may_lease:
                self._worker.look()
            else:
                await self._send(names)
            self._settle()
        wait = min((at - now for at in self._later.values()), default=HOLD)
        return min(wait, self._left - RENEW_BEFORE) if self._later and self._left > RENEW_BEFORE else wait

    async def _renew(self) -> float:
        """Send a request that only this instance holds; return the seconds until the next try."""
        before = len(self._held)
        task = self._start((), asyncio.Event(), self._instance)
        self._changed.clear()
        changed = asyncio.create_task(self._changed.wait())
        await asyncio.wait({task, changed}, timeout=AFTER_FAILURE, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        if len(self._held) > before:
            return 0.0
        return RENEW_EVERY if self._held else AFTER_FAILURE

    async def _send(self, names: Collection[str]) -> None:
        self._pending.update(names)
        try:
            async with asyncio.timeout(SENT_WITHIN), self._sending:  # those who wait here are sent together
                while self._pending:
                    batch = [self._pending.pop() for _ in range(min(NAMES_AT_MOST, len(self._pending)))]
                    await self._until_sent(batch)
        except TimeoutError:
            self._metrics.own_requests["not_sent_yet"].inc()
            log.warning("a request to the public address was not sent in time")
            self._changed.set()

    async def _until_sent(self, names: Sequence[str]) -> None:
        sent = asyncio.Event()
        task = self._start(names, sent)
        task.add_done_callback(lambda _: sent.set())
        await sent.wait()

    def _start(self, names: Collection[str], sent: asyncio.Event, instance: str = "") -> asyncio.Task[bool]:
        body = Order(tuple(names), instance).encode()
        task = asyncio.create_task(self._request(body, sent, 1 if instance else ATTEMPTS))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return task

    async def _request(self, body: bytes, sent: asyncio.Event, attempts: int) -> bool:
        """Send a request until an instance has held it; return whether one has."""
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(0.1 * 2**attempt)
            outcome = await self._post(body, sent)
            self._metrics.own_requests[outcome].inc()
            if outcome in {"held", "late"}:
                self._state = CpuState.HELD
                return True
        if attempts > 1 and not self._worker.draining:
            self._state = CpuState.UNHELD
            log.warning("the CPU may be throttled: no request to the public address reaches an instance")
            self._worker.look()
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
