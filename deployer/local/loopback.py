"""Keep web pages of other origins away from servers that listen on this machine only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine by an address that cannot be pointed elsewhere."""
    try:
        return urlsplit(url).hostname in HOSTS
    except ValueError:
        return False


@web.middleware
async def loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a foreign Host (a name rebound to 127.0.0.1) and a foreign Origin (a page that posts here)."""
    origin = request.headers.get("Origin")
    if not is_loopback(f"http://{request.headers.get('Host', '')}") or (origin and not is_loopback(origin)):
        return web.json_response({"error": "only this machine may ask, by 127.0.0.1 or localhost"}, status=403)
    return await handler(request)
