"""Keep the processor while messages are answered, on a platform that takes it away when no request is in flight.

An instance without requests keeps its memory there, and its processor is throttled (docs/explanation/service.md).
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from contextlib import suppress
from typing import Final

import httpx
from sanic import HTTPResponse, Request

from ansari_whatsapp.telemetry import log
from ansari_whatsapp.worker import Worker

ROUTE: Final = "/awake"
HOLD: Final = 25.0  # seconds; the server ends a request that takes longer than 30
ATTEMPTS: Final = 10  # behind a load balancer a request may reach another instance
AFTER_FAILURE: Final = 5.0  # seconds


class Awake:
    """Holds a request to the service's own public address open for as long as anything is under way.

    Only this process knows its token, which tells it from other instances and from everybody else.
    """

    def __init__(self, url: str, worker: Worker) -> None:
        self._worker = worker
        self._token = f"Bearer {secrets.token_urlsafe(24)}".encode()
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": self._token.decode()},
            timeout=httpx.Timeout(HOLD + 10.0, connect=5.0),
            limits=httpx.Limits(max_keepalive_connections=0),  # a new connection may find the right instance
        )

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._worker.busy()
            if not await self._held():
                log.warning("the processor may be taken away: no request to PUBLIC_URL comes here")
                await asyncio.sleep(AFTER_FAILURE)

    async def aclose(self) -> None:
        """Close the client."""
        await self._http.aclose()

    async def hold(self, request: Request) -> HTTPResponse:
        """Answer when nothing is under way any more, or after HOLD."""
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
                log.debug("no request could be held", extra={"cause": type(error).__name__})
                return False
            if answer.status_code == 204:
                return True
        return False
