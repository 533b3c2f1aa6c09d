"""Requests that an instance sends to the service's own public address, and holds open while there is work."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any, Final

import httpx
from sanic import Request

MARGIN: Final = 15.0  # seconds: a held request has been answered by then
CONNECT_WITHIN: Final = 5.0  # seconds


def make_client(seconds: float, *, connections: int, tls: bool) -> httpx.AsyncClient:
    """Return a client for requests that are held for up to `seconds`. Certificates are loaded for `tls` alone."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(seconds + MARGIN, connect=CONNECT_WITHIN, write=5.0),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=0),
        verify=tls,
    )


def is_authorized(request: Request, tokens: Iterable[str]) -> bool:
    """Return whether a request carries one of the bearer tokens. All are compared, which takes the same time."""
    given = (request.headers.get("authorization") or "").encode("utf-8", "surrogateescape")
    return True in [hmac.compare_digest(given, f"Bearer {token}".encode()) for token in tokens]


def may_take(request: Request, seconds: float | None) -> None:
    """Let the answer to this request alone take so long; None restores the server's limit for the connection."""
    protocol: Any = request.protocol  # its attributes have no types
    protocol.response_timeout = request.app.config.RESPONSE_TIMEOUT if seconds is None else seconds + MARGIN
