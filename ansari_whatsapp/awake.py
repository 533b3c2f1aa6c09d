"""Keep the CPU while messages are answered, on a platform that throttles an instance without requests.

docs/explanation/service.md describes it.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from contextlib import suppress
from typing import Final

import httpx
from sanic import HTTPResponse, Request

from ansari_whatsapp.settings import is_tls
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.worker import Worker

ROUTE: Final = "/awake"
HOLD: Final = 25.0  # seconds; the server ends a request that takes longer than 30
ATTEMPTS: Final = 10  # behind a load balancer a request may reach another instance
AFTER_FAILURE: Final = 5.0  # seconds


class Awake:
    """Keeps a request to the service's own public URL open while messages are being answered.

    The request carries a token that only this process knows. So the process recognises whether its request has
    reached itself and not another instance.
    """

    def __init__(self, url: str, worker: Worker) -> None:
        self._worker = worker
        self._token = f"Bearer {secrets.token_urlsafe(24)}".encode()
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": self._token.decode()},
            timeout=httpx.Timeout(HOLD + 10.0, connect=5.0),
            limits=httpx.Limits(max_keepalive_connections=0),  # a new connection may find the right instance
            verify=is_tls(url),
        )

    async def run(self) -> None:
        """Keep requests open whenever messages are being answered, until cancelled."""
        while True:
            await self._worker.busy()
            if not await self._held():
                log.warning("the CPU may be throttled: no request to PUBLIC_URL reaches this instance")
                await asyncio.sleep(AFTER_FAILURE)

    async def aclose(self) -> None:
        """Close the client."""
        await self._http.aclose()

    async def hold(self, request: Request) -> HTTPResponse:
        """Return when no message is being answered any more, or after HOLD."""
        given = (request.headers.get("authorization") or "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._token):
            return HTTPResponse(status=404)
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD):
                await self._worker.idle()
        return HTTPResponse(status=204)

    async def _held(self) -> bool:
        for _ in range(ATTEMPTS):
            try:
                answer = await self._http.post(ROUTE)
            except httpx.HTTPError as error:
                log.debug("no request could be kept open", extra={"cause": type(error).__name__})
                return False
            if answer.status_code == 204:
                return True
        return False
