"""Answers of GitHub's REST API: documents, lists by pages, and errors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Answer:
    """A status, an optional JSON document, and headers."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


def error(status: int, message: str, **more: object) -> Answer:
    return Answer(status, {"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)})


NOT_FOUND = error(404, "Not Found")
FORBIDDEN = error(403, "Resource not accessible by personal access token")


def invalid(what: str) -> Answer:
    return error(422, f"Validation Failed: {what}", errors=[what])


def page(request: Request, key: str, items: Sequence[object], *, most: int, usual: int) -> Answer:
    """Return one page of a list, with `Link` to the adjacent pages. A page size out of range is clamped."""
    size = max(1, min(most, _number(request, "per_page", usual)))
    at = max(1, _number(request, "page", 1))
    last = max(1, -(-len(items) // size))
    links = {"prev": at - 1, "first": 1} if at > 1 else {}
    links |= {"next": at + 1, "last": last} if at < last else {}
    link_values = [
        f'<{request.base_url}?{urlencode({"per_page": size, "page": to})}>; rel="{rel}"' for rel, to in links.items()
    ]
    body = {"total_count": len(items), key: items[(at - 1) * size : at * size]}
    return Answer(200, body, {"Link": ", ".join(link_values)} if link_values else {})


def document(request: Request) -> dict[str, Any] | None:
    """Return the JSON object of a request, an empty object for no body, or None for anything else."""
    try:
        sent = json.loads(request.get_data() or b"{}")
    except ValueError:
        return None
    return sent if isinstance(sent, dict) else {} if sent is None else None


def _number(request: Request, name: str, usual: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else usual
