"""The service's routes: health, Meta's verification, and the webhook."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Sequence
from functools import lru_cache

import orjson
from sanic import HTTPResponse, Request, Sanic, text
from sanic.exceptions import MethodNotAllowed, NotFound, PayloadTooLarge, SanicException
from sanic.http.http1 import Http

from ansari_whatsapp.cpu import Cpu
from ansari_whatsapp.delivery import Delivery
from ansari_whatsapp.inbox import Inbox, InboxFull, InboxUnavailable, Tag
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.readiness import Readiness
from ansari_whatsapp.refusals import not_served, refuse_token
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.signature import HEADER, Signer
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.webhook import KNOWN, Batch, Message, Status, decode, parse
from ansari_whatsapp.worker import Worker

WEBHOOK = "/whatsapp/v2"
BODY_WITHIN = 10.0  # seconds for the whole body, however slowly its bytes come
LARGEST_BODY = 4 * 1024 * 1024  # bytes; Meta sends 3 MB at the most
LONGEST_CHALLENGE = 256
STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})
KINDS = KNOWN | {"text", "interactive", "button", "reaction", "system", "edit", "revoke", "request_welcome"}


class Routes:
    """The handlers and what they share."""

    def __init__(
        self,
        settings: Settings,
        inbox: Inbox,
        worker: Worker,
        cpu: Cpu,
        delivery: Delivery,
        readiness: Readiness,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._worker = worker
        self._cpu = cpu
        self._delivery = delivery
        self._readiness = readiness
        self._metrics = metrics
        secrets = (settings.meta_app_secret, settings.meta_app_secret_previous)
        self._signers = [Signer(secret.get_secret_value()) for secret in secrets if secret is not None]
        self._number = settings.meta_business_phone_number_id.get_secret_value()
        self._health = {"X-App-Release": settings.app_release}

    def add_to(self, app: Sanic) -> None:  # type: ignore[type-arg]
        app.exception(Exception)(_failed)
        app.add_route(self.health, "/", methods=["GET", "HEAD"])
        app.add_route(self.ready, "/ready", methods=["GET", "HEAD"])
        app.add_route(self.verify, WEBHOOK, methods=["GET"])
        if self._settings.metrics_token is not None:
            app.add_route(self.numbers, "/metrics", methods=["GET"])

        async def receive(request: Request) -> HTTPResponse:  # Sanic marks the function, and a method takes no mark
            answer = await self.receive(request)
            self._metrics.webhooks[answer.status].inc()
            return answer

        app.add_route(receive, WEBHOOK, methods=["POST"], stream=True)

    async def health(self, _: Request) -> HTTPResponse:
        """Report that the process is alive. Upstream services do not matter: replacing the instance would not help."""
        return HTTPResponse(b'{"status":"ok"}', content_type="application/json", headers=self._health)

    async def ready(self, _: Request) -> HTTPResponse:
        """Report whether messages can be accepted and answered now, the reasons if not, and how many wait."""
        report = await self._readiness.report()
        body = orjson.dumps({"ready": not report.reasons, **vars(report)})
        status = 503 if report.reasons else 200
        return HTTPResponse(body, status=status, content_type="application/json", headers=self._health)

    async def numbers(self, request: Request) -> HTTPResponse:
        """Return the metrics to a caller that sends the token."""
        token = self._settings.metrics_token
        given = (request.headers.get("authorization") or "").encode("utf-8", "surrogateescape")
        if token is None or not hmac.compare_digest(given, b"Bearer " + token.get_secret_value().encode()):
            return refuse_token(request)
        return HTTPResponse(self._metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    async def verify(self, request: Request) -> HTTPResponse:
        """Answer Meta's handshake (Meta, "Create a webhook endpoint"): return the challenge if the token is right."""
        mode, token = request.args.get("hub.mode"), request.args.get("hub.verify_token")
        challenge = request.args.get("hub.challenge") or ""
        if not mode or not token:
            return text("hub.mode and hub.verify_token are needed", status=400)
        ours = self._settings.meta_webhook_verify_token.get_secret_value()
        known = hmac.compare_digest(token.encode("utf-8", "replace"), ours.encode())
        if mode != "subscribe" or not known:
            return text("forbidden", status=403)
        if len(challenge) > LONGEST_CHALLENGE or not challenge.isprintable():
            return text("invalid challenge", status=400)
        return text(challenge, headers={"X-Content-Type-Options": "nosniff"})

    async def receive(self, request: Request) -> HTTPResponse:
        """Accept a webhook. 200 means committed; no other system is called before that."""
        assert isinstance(request.stream, Http)
        request.stream.request_max_size = LARGEST_BODY  # Sanic lifts its own limit for a handler that reads the body
        try:
            async with asyncio.timeout(BODY_WITHIN):  # Sanic's own timer restarts with every byte
                await request.receive_body()  # type: ignore[no-untyped-call]
        except TimeoutError:
            request.stream.keep_alive = False  # the rest of the body would be read as the next request
            return _told(408, "the body did not arrive in time")
        except PayloadTooLarge:
            return _told(413, "the body is too large")
        body, signature = request.body, request.headers.get(HEADER)
        fits = [signer.valid(signature, body) for signer in self._signers]  # all are tried, which takes the same time
        if True not in fits:
            log.warning("a webhook with a bad signature")
            return _told(403, "forbidden", headers={"WWW-Authenticate": "HMAC-SHA256"})
        self._cpu.learn(request)
        if self._worker.draining:
            return _told(503, "stopping")
        try:
            payload = decode(body)
        except ValueError:
            log.error("a signed webhook without valid JSON", extra={"bytes": len(body)})
            status = 200 if self._settings.always_return_ok_to_meta else 400
            return _told(status, "not understood", error_code="INVALID_PAYLOAD")
        return await self._commit(payload)

    async def _commit(self, payload: object) -> HTTPResponse:
        begin = time.monotonic()
        batch = parse(payload, self._number)
        self._note(batch)
        jobs = [message for message in batch.messages if message.text is not None or message.kind in KNOWN]
        try:
            await self._change(batch)
            if jobs:
                await self._put(jobs)
            for status in batch.statuses:
                await self._delivery.told(status)
        except (InboxFull, InboxUnavailable) as error:
            log.error("a webhook could not be stored", extra={"cause": type(error).__name__})
            return _told(503, "try again later")
        self._metrics.commit_seconds.observe(time.monotonic() - begin)
        await self._announce(jobs, batch.statuses)
        return _told(200, "accepted")

    async def _announce(self, jobs: list[Message], statuses: Sequence[Status]) -> None:
        """See that the work gets processor time: that of new messages, and of parts that are sent again."""
        names = {self._inbox.name_of(job.user) for job in jobs}
        names |= {tag.user for each in statuses if each.status == "failed" and (tag := Tag.parse(each.tag)) is not None}
        if names:
            await self._cpu.announce(names)

    async def _change(self, batch: Batch) -> None:
        """Edit and withdraw messages, also those that come later or in this webhook: these are then put as changed."""
        for user, wamid, new_text in batch.edited:
            await self._inbox.amend(user, wamid, new_text)
        for user, wamid in batch.revoked:
            await self._inbox.withdraw(user, wamid)

    async def _put(self, messages: list[Message]) -> None:
        """Store the messages, and start at once with those that are leased in the same step."""
        with self._worker.room(len(messages) if self._cpu.may_lease else 0) as room:
            until = self._worker.lease_until(time.time())
            accepted = await self._inbox.put(messages, until, room)
        for job in accepted.leased:
            self._worker.take(job, until)
        self._metrics.duplicates.inc(len(messages) - accepted.new)
        if accepted.new > len(accepted.leased):
            self._worker.wake()

    def _note(self, batch: Batch) -> None:
        """Count the content of a webhook."""
        if batch.ignored:
            self._metrics.ignored.inc(batch.ignored)
        for status in batch.statuses:
            self._metrics.statuses[status.status if status.status in STATUSES else "other"].inc()
            if status.status == "failed":
                self._metrics.failed_statuses[status.code].inc()
                log.warning("a message did not arrive", extra={"code": status.code})
        for code in batch.errors:
            self._metrics.trouble[code].inc()
            log.error("Meta reports a problem with the account", extra={"code": code})
        for message in batch.messages:  # a kind is Meta's word: what nobody knows yet is counted together
            self._metrics.messages[message.kind if message.kind in KINDS else "other"].inc()


async def _failed(_: Request, error: Exception) -> HTTPResponse:
    """Answer an error as JSON. Sanic's own answer reads the Accept header, and some headers make it fail."""
    if not isinstance(error, SanicException):
        log.error("a request failed", exc_info=error)
        return _told(500, "something went wrong")
    if isinstance(error, NotFound | MethodNotAllowed):
        return not_served()
    return _told(error.status_code, "not possible", headers=dict(error.headers))


def _told(status: int, message: str, *, error_code: str = "", headers: dict[str, str] | None = None) -> HTTPResponse:
    body = _body_of(message, int(time.time()), error_code, succeeded=status == 200 and not error_code)
    return HTTPResponse(body, status=status, content_type="application/json", headers=headers)


@lru_cache(maxsize=16)  # thousands are told the same in one second
def _body_of(message: str, timestamp: int, error_code: str, *, succeeded: bool) -> bytes:
    body: dict[str, object] = {"success": succeeded, "message": message, "timestamp": timestamp}
    if error_code:
        body["error_code"] = error_code
    return orjson.dumps(body)
