"""The Graph API's routes that set and read callbacks: of the app, of the account and of the number."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from deployer.core.secret import SecretValue
from deployer.local.loopback import is_loopback
from deployer.local.meta.callbacks import Callbacks, Level
from deployer.local.meta.config import MetaConfig
from deployer.local.meta.delivery import Delivery
from deployer.local.meta.errors import GraphError, new_trace

LONGEST_URL: Final = 200  # characters
OBJECT: Final = "whatsapp_business_account"
_Answer = Callable[[web.Request], Awaitable[dict[str, Any]]]


class CallbackRoutes:
    """A new callback has to answer Meta's challenge at once: else it is refused, and the old one stays.

    `authenticate` raises GraphError for a request without the access token of the system user.
    """

    def __init__(
        self,
        config: MetaConfig,
        callbacks: Callbacks,
        delivery: Delivery,
        authenticate: Callable[[web.Request], None],
    ) -> None:
        self._config = config
        self._callbacks = callbacks
        self._delivery = delivery
        self._authenticate = authenticate
        self._app_token = SecretValue(f"{config.app_id}|{config.app_secret}")

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/{version}/{id}", self._answered(self._number)),
            web.post("/{version}/{id}", self._answered(self._override_number)),
            web.get("/{version}/{id}/subscribed_apps", self._answered(self._subscribed)),
            web.post("/{version}/{id}/subscribed_apps", self._answered(self._override_account)),
            web.get("/{version}/{id}/subscriptions", self._answered(self._subscriptions)),
            web.post("/{version}/{id}/subscriptions", self._answered(self._subscribe)),
        ]

    def _answered(self, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            trace = new_trace()
            try:
                body, status = await answer(request), 200
            except GraphError as error:
                body, status = error.body(trace), error.status
            return web.json_response(body, status=status, headers={"X-FB-Trace-ID": trace})

        return handle

    async def _number(self, request: web.Request) -> dict[str, Any]:
        """Return the fields of the number that are asked for. All three levels are in `webhook_configuration`."""
        self._authenticate(request)
        self._known(request, self._config.phone_number_id)
        asked = request.query.get("fields", "display_phone_number").split(",")
        fields = {
            "display_phone_number": self._config.display_phone_number,
            "webhook_configuration": dict(self._callbacks.urls),
        }
        return {**{name: fields[name] for name in asked if name in fields}, "id": self._config.phone_number_id}

    async def _override_number(self, request: web.Request) -> dict[str, Any]:
        self._authenticate(request)
        self._known(request, self._config.phone_number_id)
        given = (await _body(request)).get("webhook_configuration")
        if not isinstance(given, dict):
            raise GraphError(100, "Param webhook_configuration must be a JSON object.")
        await self._set(Level.NUMBER, given.get("override_callback_uri"), given.get("verify_token"))
        return {"success": True}

    async def _subscribed(self, request: web.Request) -> dict[str, Any]:
        self._authenticate(request)
        self._known(request, self._config.waba_id)
        app: dict[str, Any] = {"whatsapp_business_api_data": {"id": self._config.app_id, "name": "Local app"}}
        if url := self._callbacks.of(Level.ACCOUNT):
            app["override_callback_uri"] = url
        return {"data": [app]}

    async def _override_account(self, request: web.Request) -> dict[str, Any]:
        """Subscribe the app to the account. Without a callback in the body, an override is removed."""
        self._authenticate(request)
        self._known(request, self._config.waba_id)
        body = await _body(request)
        await self._set(Level.ACCOUNT, body.get("override_callback_uri", ""), body.get("verify_token"))
        return {"success": True}

    async def _subscriptions(self, request: web.Request) -> dict[str, Any]:
        self._authenticate_app(request)
        url = self._callbacks.of(Level.APPLICATION)
        return {"data": [{"object": OBJECT, "callback_url": url, "active": True, "fields": [{"name": "messages"}]}]}

    async def _subscribe(self, request: web.Request) -> dict[str, Any]:
        self._authenticate_app(request)
        body = await _body(request)
        if body.get("object") != OBJECT:
            raise GraphError(100, f"Param object must be {OBJECT}")
        if not body.get("callback_url"):
            raise GraphError(100, message="(#100) The parameter callback_url is required.")
        await self._set(Level.APPLICATION, body["callback_url"], body.get("verify_token"))
        return {"success": True}

    async def _set(self, level: Level, url: object, token: object) -> None:
        if url == "":
            self._callbacks.set(level, "")
            return
        if not isinstance(url, str) or len(url) > LONGEST_URL or not url.startswith("http://") or not is_loopback(url):
            raise GraphError(
                100, f"The local Meta calls back http:// URLs of 127.0.0.1, up to {LONGEST_URL} characters"
            )
        if not isinstance(token, str) or not token:
            raise GraphError(100, message="(#100) The parameter verify_token is required.")
        challenge = str(secrets.randbelow(10**10))
        attempt = await self._delivery.verify(url, token, challenge)
        if not attempt.delivered or attempt.answer != challenge:
            cause = f"HTTP Status Code = {attempt.status}" if attempt.status else attempt.error
            raise GraphError(2200, message=f"(#2200) Callback verification failed with the following errors: {cause}")
        self._callbacks.set(level, url)

    def _known(self, request: web.Request, id: str) -> None:  # noqa: A002 -- the Graph API's word
        if request.match_info["id"] != id:
            given = request.match_info["id"]
            raise GraphError(100, message=f"Unsupported request. Object with ID '{given}' does not exist.", subcode=33)

    def _authenticate_app(self, request: web.Request) -> None:
        self._known(request, self._config.app_id)
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        given = token.encode("utf-8", "surrogateescape")
        if kind != "Bearer" or not hmac.compare_digest(given, self._app_token.reveal().encode()):
            raise GraphError(190, message="This method must be called with an app access_token.")


async def _body(request: web.Request) -> dict[str, Any]:
    """Return the parameters of a request: JSON, a form, or none."""
    raw = await request.read()
    if not raw:
        return {}
    if request.content_type != "application/json":
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise GraphError(100, "The body is not JSON") from None
    if not isinstance(body, dict):
        raise GraphError(100, "The body is not a JSON object")
    return body
