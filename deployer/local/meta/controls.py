"""The control routes `/_local/…`: write as a WhatsApp user, send any webhook, read the chats, set the limits."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from aiohttp import web

from deployer.local.ending import Ending
from deployer.local.meta.callbacks import Callbacks
from deployer.local.meta.chats import Chat, Chats, Message
from deployer.local.meta.config import MetaConfig
from deployer.local.meta.delivery import Attempt, Delivery
from deployer.local.meta.graph import Graph
from deployer.local.meta.limits import Meter
from deployer.local.meta.sending import DIGITS
from deployer.local.meta.wamid import new_wamid
from deployer.local.meta.webhook import envelope, message_change, to_bytes, value_change

DEFAULT_USER = "15551230000"
TEXT_AT_MOST = 100_000  # more than a user can write, so that the service can be tried with it
WAIT_AT_MOST = 120.0
SAY = {"text", "from", "name", "reply_to", "hide_phone", "age", "wamid", "duplicate"}
ONE_OF = ("message", "value", "changes", "payload", "raw")
WEBHOOK = {*ONE_OF, "from", "name", "hide_phone", "field", "signature", "redeliver", "duplicate"}
SIGNATURES = ("valid", "wrong", "missing")


class Controls:
    """The handlers. An invalid request gets 400 with `{"error": reason}`."""

    def __init__(
        self,
        config: MetaConfig,
        callbacks: Callbacks,
        chats: Chats,
        meter: Meter,
        graph: Graph,
        delivery: Delivery,
        ending: Ending,
    ) -> None:
        self._config = config
        self._callbacks = callbacks
        self._chats = chats
        self._meter = meter
        self._graph = graph
        self._delivery = delivery
        self._ending = ending

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_local/about", self.about),
            web.post("/_local/say", self.say),
            web.post("/_local/webhook", self.webhook),
            web.post("/_local/verify", self.verify),
            web.get("/_local/chats", self.listing),
            web.get("/_local/chats/{user}", self.chat),
            web.get("/_local/limits", self.read_limits),
            web.put("/_local/limits", self.change_limits),
            web.get("/_local/record", self.record),
        ]

    async def about(self, _: web.Request) -> web.Response:
        """Return what the chat page shows of this world."""
        return web.json_response(
            {
                "display_phone_number": self._config.display_phone_number,
                "callback_url": self._callbacks.url(),
                "default_user": DEFAULT_USER,
            }
        )

    async def say(self, request: web.Request) -> web.Response:
        """Write to the service as a WhatsApp user.

        `{"text", "from"?: digits, "name"?, "reply_to"?: wamid, "hide_phone"?: bool, "age"?: seconds, "wamid"?,
        "duplicate"?: how many more times}` -> `{"wamid", "delivered", "status", "error", "redelivering"}`.
        """
        asked = await _asked(request, SAY)
        text = _given(asked, "text", str, "")
        if not text.strip() or len(text) > TEXT_AT_MOST:
            raise _bad(f"text must have 1 to {TEXT_AT_MOST} characters")
        message: dict[str, Any] = {"type": "text", "text": {"body": text}}
        if reply_to := _given(asked, "reply_to", str, ""):
            message["context"] = {"from": self._config.display_phone_number, "id": reply_to}
        if wamid := _given(asked, "wamid", str, ""):
            message["id"] = wamid
        if age := _given(asked, "age", int, 0):
            message["timestamp"] = str(int(time.time()) - age)
        return await self._write(asked, message)

    async def webhook(self, request: web.Request) -> web.Response:
        """Send any webhook, signed.

        Exactly one of `message` (one message object of any type; sender, id and time are filled in), `value`
        (with `field`), `changes`, `payload` (the whole JSON) or `raw` (the exact text). `signature` is valid,
        wrong or missing; `redeliver` (false) asks for further tries; `duplicate` sends it that many more times.
        """
        asked = await _asked(request, WEBHOOK)
        kinds = [kind for kind in ONE_OF if kind in asked]
        if len(kinds) != 1:
            raise _bad(f"give exactly one of {', '.join(ONE_OF)}")
        if kinds == ["message"]:
            return await self._write(asked, dict(_given(asked, "message", dict, {})))
        if kinds == ["raw"]:
            return await self._post(asked, _given(asked, "raw", str, "").encode("utf-8", "surrogatepass"))
        payload = self._payload(asked, kinds[0])
        self._show_all(payload)
        return await self._post(asked, to_bytes(payload))

    async def verify(self, request: web.Request) -> web.Response:
        """Make the handshake of Meta for the callback of messages: `{"verify_token"}`."""
        asked = await _asked(request, {"verify_token"})
        challenge = str(secrets.randbelow(10**10))
        attempt = await self._delivery.verify(self._callbacks.url(), _given(asked, "verify_token", str, ""), challenge)
        verified = attempt.delivered and attempt.answer == challenge
        return web.json_response({"verified": verified, "status": attempt.status, "error": attempt.error})

    async def listing(self, _: web.Request) -> web.Response:
        return web.json_response({"chats": self._chats.listing()})

    async def chat(self, request: web.Request) -> web.Response:
        """Return a chat, or what changed in it: `?after=REVISION&wait=SECONDS&until=answered&to=WAMID`.

        Waits for a change after the revision; with `until=answered` it waits until the answer to the message
        `to` (the user's last one) is complete. An answer is complete when it has a part, the service does not
        type, and no further part came for 0.7 s. `messages` holds the new and changed messages, in order.
        """
        user = request.match_info["user"]
        if not DIGITS.fullmatch(user):
            raise _bad("a chat is named by the user's digits")
        after, wait = _number(request, "after"), min(_number(request, "wait"), WAIT_AT_MOST)
        until, to = request.query.get("until"), request.query.get("to")
        if until not in (None, "answered"):
            raise _bad("until can only be answered")
        chat = self._chats.of(user)
        end = time.monotonic() + wait
        while not self._ending.begun and (left := end - time.monotonic()) > 0:
            view = chat.view(int(after), to)
            if view["answer"]["complete"] if until else chat.revision > after:
                break
            await chat.wait(min(left, 1.0))  # looks up now and then, to see the server end
        return web.json_response(chat.view(int(after), to))

    async def read_limits(self, _: web.Request) -> web.Response:
        return web.json_response(self._meter.limits.as_dict())

    async def change_limits(self, request: web.Request) -> web.Response:
        """Change limits: `{"pair"?: bool, "throughput"?: number|null, "window_seconds"?: number|null}`."""
        try:
            self._meter.limits = self._meter.limits.changed(json.loads(await request.read()))
        except ValueError as error:
            raise _bad(str(error)) from None
        return web.json_response(self._meter.limits.as_dict())

    async def record(self, _: web.Request) -> web.Response:
        return web.json_response(self._graph.record())

    async def _write(self, asked: dict[str, Any], message: dict[str, Any]) -> web.Response:
        user = _given(asked, "from", str, DEFAULT_USER)
        if not DIGITS.fullmatch(user):
            raise _bad("from must be 5 to 20 digits")
        chat = self._chats.of(user)
        chat.name = _given(asked, "name", str, chat.name)[:100]
        hidden = _given(asked, "hide_phone", bool, default=False)
        sender = {"from_user_id": chat.bsuid} if hidden else {"from": user, "from_user_id": chat.bsuid}
        message = {
            **sender,
            "id": new_wamid(user, inbound=True),
            "timestamp": str(int(time.time())),
            **message,
        }
        if not isinstance(message["id"], str):
            raise _bad("the id of a message must be text")
        shown = self._show(chat, message)
        change = message_change(self._config, message, name=chat.name, wa_id=None if hidden else user, bsuid=chat.bsuid)
        return await self._post(asked, to_bytes(envelope(self._config, change)), chat, shown)

    async def _post(
        self, asked: dict[str, Any], body: bytes, chat: Chat | None = None, message: Message | None = None
    ) -> web.Response:
        signature = _given(asked, "signature", str, "valid")
        if signature not in SIGNATURES:
            raise _bad(f"signature must be one of {', '.join(SIGNATURES)}")
        copies = _given(asked, "duplicate", int, 0)
        if not 0 <= copies <= 100:
            raise _bad("duplicate must be 0 to 100")
        redeliver = _given(asked, "redeliver", bool, default="text" in asked)

        def tick(status: str = "delivered") -> None:
            if chat is not None and message is not None and message.status != "read":
                chat.mark(message, status)

        attempt = await self._delivery.deliver(body, signature=signature, redeliver=redeliver, on_late=tick)
        for _ in range(copies):
            await self._delivery.attempt(body, signature)
        tick("delivered" if attempt.delivered else "undelivered")
        return web.json_response(_attempt_fields(attempt, message, redelivering=redeliver and not attempt.delivered))

    def _payload(self, asked: dict[str, Any], kind: str) -> dict[str, Any]:
        if kind == "payload":
            return dict(_given(asked, "payload", dict, {}))
        if kind == "changes":
            return envelope(self._config, *_given(asked, "changes", list, []))
        value = _given(asked, "value", dict, {})
        return envelope(self._config, value_change(self._config, value, _given(asked, "field", str, "messages")))

    def _show_all(self, payload: dict[str, Any]) -> None:
        """Show the user's messages of a hand-made payload; whatever has another shape is only sent."""
        for entry in _objects(payload.get("entry")):
            for change in _objects(entry.get("changes")):
                value = change.get("value")
                for message in _objects(value.get("messages") if isinstance(value, dict) else None):
                    sender = message.get("from")
                    if isinstance(sender, str) and DIGITS.fullmatch(sender) and isinstance(message.get("id"), str):
                        self._show(self._chats.of(sender), message)

    def _show(self, chat: Chat, message: dict[str, Any]) -> Message:
        self._meter.count(time.monotonic())
        if (known := chat.messages.get(message["id"])) is not None:
            return known  # sent again under the same id
        kind = str(message.get("type"))
        content = message.get(kind)
        body = content.get("body") if kind == "text" and isinstance(content, dict) else None
        context = message.get("context")
        return chat.add(
            Message(
                wamid=message["id"],
                sender="user",
                type=kind,
                text=body if isinstance(body, str) else "",
                at=time.time(),
                status="pending",
                context=context.get("id") if isinstance(context, dict) else None,
                content=content if kind != "text" and isinstance(content, dict) else None,
            )
        )


def _attempt_fields(attempt: Attempt, message: Message | None, *, redelivering: bool) -> dict[str, Any]:
    return {
        "wamid": message.wamid if message is not None else None,
        "delivered": attempt.delivered,
        "status": attempt.status,
        "error": attempt.why,
        "redelivering": redelivering,
        "answer": attempt.answer,
    }


async def _asked(request: web.Request, known: set[str]) -> dict[str, Any]:
    try:
        asked = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise _bad("the body must be JSON") from None
    if not isinstance(asked, dict):
        raise _bad("the body must be a JSON object")
    for key in asked:
        if key not in known:
            raise _bad(f"there is no {key!r}: known are {', '.join(sorted(known))}")
    return asked


def _given(asked: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = asked.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _bad(f"{name} must be of type {kind.__name__}")
    return value


def _number(request: web.Request, name: str) -> float:
    try:
        value = float(request.query.get(name, "0"))
    except ValueError:
        value = -1
    if not 0 <= value < 1e15:
        raise _bad(f"{name} must be a number from 0")
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _bad(reason: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": reason}), content_type="application/json")
