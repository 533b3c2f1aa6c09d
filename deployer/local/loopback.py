"""Refuse web pages of other origins on servers that listen on this machine only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from deployer.world_keys import proves

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine by an address that DNS cannot change."""
    try:
        return urlsplit(url).hostname in HOSTS
    except ValueError:
        return False


def may_ask(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Return whether a request with these headers (Host, Origin, Sec-Fetch-Site) comes from a program or our own page.

    Refused: a name rebound to 127.0.0.1, and a page of any other origin, another port of this machine included.
    """
    own = f"http://{host}"
    return is_loopback(own) and origin in {None, "", own} and fetch_site in {None, "none", "same-origin"}


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a foreign Host (a name rebound to 127.0.0.1) and a page of another origin."""
    headers = request.headers
    if not may_ask(headers.get("Host", ""), headers.get("Origin"), headers.get("Sec-Fetch-Site")):
        return web.json_response({"error": "only this machine may ask, by 127.0.0.1 or localhost"}, status=403)
    return await handler(request)


def control_only(token: str) -> Middleware:
    """Refuse a request to a route below /_local/ without the token."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = request.match_info.route.resource
        controls = route is not None and route.canonical.startswith("/_local/")
        if controls and not proves(request.headers.get("Authorization"), token):
            return web.json_response(
                {"error": "this needs the token of the local world; `deployer local env` prints it"}, status=401
            )
        return await handler(request)

    return check
