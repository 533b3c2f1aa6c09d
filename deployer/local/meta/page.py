"""The chat page: a file of the package, sent with a policy that lets only its own script and style run."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from aiohttp import web


class Page:
    """The route `GET /`. Only the page's own script and style, identified by their hashes, may run."""

    def __init__(self) -> None:
        self._html = files(__package__).joinpath("chat.html").read_text(encoding="utf-8")
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src {_hash(self._html, 'script')}; style-src {_hash(self._html, 'style')};"
                " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    async def show(self, _: web.Request) -> web.Response:
        return web.Response(text=self._html, content_type="text/html", headers=self._headers)


def _hash(html: str, tag: str) -> str:
    """Return the one inline element of that name as a source: https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    elements = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    if len(elements) != 1:
        raise ValueError(f"chat.html must have exactly one <{tag}>, it has {len(elements)}")
    return f"'sha256-{base64.b64encode(hashlib.sha256(elements[0].encode()).digest()).decode()}'"
