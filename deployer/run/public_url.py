"""An HTTP client for a service's public URL."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import httpx


def connect(url: str, *, seconds: float) -> httpx.Client:
    """Return a client for `url` that follows no redirect; each step of a request may take `seconds`.

    Loading certificates takes longer than a request: they are loaded once, and only for a URL with TLS.
    """
    import httpx  # noqa: PLC0415 -- a run that deploys nothing need not load it

    verify = False if url.startswith("http://") else _certificates()
    return httpx.Client(timeout=seconds, follow_redirects=False, verify=verify)


@functools.cache
def _certificates() -> ssl.SSLContext:
    import httpx  # noqa: PLC0415

    return httpx.create_ssl_context()
