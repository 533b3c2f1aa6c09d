"""The Graph API's routes that the service uses: `POST /{version}/{number}/messages` and `GET /{version}/me`."""

from __future__ import annotations

import hmac
import re
import time
from collections import Counter
from typing import Any

from aiohttp import web

from deployer.core.secret import SecretValue
from deployer.local.ending import Ending
from deployer.local.faults import Faults
from deployer.local.meta.chats import Chat, Chats, Message
from deployer.local.meta.config import MetaConfig
from deployer.local.meta.delivery import Delivery
from deployer.local.meta.errors import GraphError, new_trace, webhook_error
from deployer.local.meta.limits import Meter
from deployer.local.meta.sending import ReadMark, TextMessage, read_request
from deployer.local.meta.wamid import new_wamid
from deployer.local.meta.webhook import envelope, status_change, to_bytes
from deployer.local.wire import DroppedConnection, reset

VERSION = re.compile(r"v\d+\.\d+")
TAGS_AT_MOST = 10_000
SYSTEM_USER = "122100000000000001"


class Graph:
    """Accepts the service's messages, shows them in the user's chat, and reports their outcome."""

    def __init__(
        self, config: MetaConfig, chats: Chats, meter: Meter, faults: Faults, delivery: Delivery, ending: Ending
    ) -> None:
        self._config = config
        self._token = SecretValue(config.access_token)
        self._chats = chats
        self._meter = meter
        self._faults = faults
        self._delivery = delivery
        self._ending = ending
        self.counts: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        self._tags: Counter[str] = Counter()

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Accept a text message or a read mark. Every refusal is Meta's error body."""
        trace = new_trace()
        self.counts["requests"] += 1
        try:
            body, status = await self._answer(request), 200
        except GraphError as error:
            self.refused[error.code] += 1
            body, status = error.body(trace), error.status
        except DroppedConnection:
            await reset(request)
            return web.Response()  # goes nowhere
        return web.json_response(body, status=status, headers={"X-FB-Trace-ID": trace})

    async def me(self, request: web.Request) -> web.StreamResponse:
        """Return the id of the user that owns the access token."""
        trace = new_trace()
        try:
            self.authenticate(request)
            if self._faults.on("token_revoked"):
                raise _revoked()
            body, status = {"id": SYSTEM_USER}, 200
        except GraphError as error:
            body, status = error.body(trace), error.status
        return web.json_response(body, status=status, headers={"X-FB-Trace-ID": trace})

    def record(self) -> dict[str, Any]:
        """Counts since the start; `repeated_tags` are the parts of answers that were taken more than once."""
        return {
            "requests": self.counts["requests"],
            "accepted": self.counts["accepted"],
            "read": self.counts["read"],
            "typing": self.counts["typing"],
            "refused": {str(code): count for code, count in self.refused.items()},
            "webhooks": dict(self._delivery.counts),
            "repeated_tags": {tag: count for tag, count in self._tags.items() if count > 1},
        }

    async def _answer(self, request: web.Request) -> dict[str, Any]:
        raw = await request.read()
        self._authorise(request)
        call = read_request(raw)
        chat = self._chat(call)
        about = {"user": chat.user, "kind": "message" if isinstance(call, TextMessage) else "read"}
        if (latency := self._faults.take("latency", **about)) is not None:
            await self._ending.pause(latency["seconds"])
        if self._faults.take("reset", **about) is not None:
            raise DroppedConnection
        if self._faults.take("token_revoked", **about) is not None:
            raise _revoked()
        if (error := self._faults.take("error", **about)) is not None:
            raise GraphError(error["code"], status=error.get("status"))
        answer = self._send(chat, call) if isinstance(call, TextMessage) else self._mark(chat, call)
        if self._faults.take("accept_and_drop", **about) is not None:
            raise DroppedConnection
        return answer

    def _authorise(self, request: web.Request) -> None:
        version, number = request.match_info["version"], request.match_info["number"]
        if not VERSION.fullmatch(version):
            raise GraphError(100, message=f"Unknown path components: /{version}/{number}/messages", subcode=2500)
        self.authenticate(request)
        if number != self._config.phone_number_id:
            raise GraphError(
                100,
                message=(
                    f"Unsupported post request. Object with ID '{number}' does not exist, cannot be loaded due to"
                    " missing permissions, or does not support this operation."
                ),
                subcode=33,
            )

    def authenticate(self, request: web.Request) -> None:
        """Raise GraphError for a request without the access token."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        given = token.encode("utf-8", "surrogateescape")
        if kind != "Bearer" or not hmac.compare_digest(given, self._token.reveal().encode()):
            raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")

    def _chat(self, request: TextMessage | ReadMark) -> Chat:
        if isinstance(request, ReadMark):
            chat = self._chats.holding(request.message_id)
            if chat is None:
                raise GraphError(131009, "Param message_id is not a message that this number received")
            return chat
        if request.digits is not None:
            return self._chats.of(request.digits)
        chat = self._chats.of_bsuid(request.bsuid or "")
        if chat is None:
            raise GraphError(131026, "No user has this business-scoped user ID")
        return chat

    def _mark(self, chat: Chat, mark: ReadMark) -> dict[str, Any]:
        self.counts["typing" if mark.typing else "read"] += 1
        chat.read(mark.message_id, typing=mark.typing)
        return {"success": True}

    def _send(self, chat: Chat, text: TextMessage) -> dict[str, Any]:
        now = time.monotonic()
        if chat.user == self._config.display_phone_number:
            raise GraphError(131021)
        if self._meter.over_throughput(now):
            raise GraphError(130429)
        if self._meter.over_pair(chat.user, now):
            raise GraphError(131056)
        self._meter.count(now)
        self._meter.count_pair(chat.user, now)
        self.counts["accepted"] += 1
        if text.tag is not None:
            self._tags[text.tag] += 1
            if len(self._tags) > TAGS_AT_MOST:
                del self._tags[next(iter(self._tags))]
        message = chat.add(
            Message(
                wamid=new_wamid(chat.user, inbound=False),
                sender="service",
                type="text",
                text=text.body,
                at=time.time(),
                status="accepted",
                context=text.context,
                tag=text.tag,
            )
        )
        self._report(chat, message, now)
        contact = {"input": text.given, **({"user_id": text.bsuid} if text.bsuid else {"wa_id": chat.user})}
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": message.wamid}]}

    def _report(self, chat: Chat, message: Message, now: float) -> None:
        """Report the outcome later by webhooks, including that the user's window of 24 hours had closed."""
        window = self._meter.limits.window_seconds
        code = (self._faults.take("failed_status", user=chat.user) or {}).get("code")
        if code is None and window is not None and now - chat.last_written > window:
            code = 131047
        order = ["failed"] if code is not None else ["sent", "delivered", "read"]
        if self._faults.take("statuses_reversed", user=chat.user) is not None:
            order.reverse()
        silent = self._faults.take("no_statuses", user=chat.user) is not None
        self._delivery.spawn(self._tell(chat, message, order, code, silent=silent))

    async def _tell(self, chat: Chat, message: Message, order: list[str], code: int | None, *, silent: bool) -> None:
        errors = [] if code is None else [webhook_error(code)]
        for status in order:
            await self._ending.pause(self._config.status_delay)
            if self._ending.begun:
                return
            chat.mark(message, status, errors)
            if not silent:
                change = status_change(self._config, _status(chat, message, status, errors))
                await self._delivery.deliver(to_bytes(envelope(self._config, change)))


def _revoked() -> GraphError:
    return GraphError(190, message="Error validating access token: the session is invalid.", subcode=460)


def _status(chat: Chat, message: Message, status: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": message.wamid,
        "status": status,
        "timestamp": str(int(time.time())),
        "recipient_id": chat.user,
    }
    if message.tag is not None:
        fields["biz_opaque_callback_data"] = message.tag
    if errors:
        fields["errors"] = errors
    return fields
