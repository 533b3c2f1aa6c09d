"""Identify the AWS service and operation that a signed request calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from werkzeug.wrappers import Request

SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request")


@dataclass(frozen=True)
class Call:
    """A call. `service` and `region` are those of the signature's scope; the body may hold secrets."""

    service: str
    region: str
    operation: str
    access_key: str


def read_call(request: Request, body: bytes) -> Call | None:
    """Parse a request. Returns None if it is not signed with Signature Version 4, in its header or in its query."""
    credential = request.headers.get("Authorization") or f"Credential={request.args.get('X-Amz-Credential', '')}"
    scope = SCOPE.search(credential)
    if scope is None:
        return None
    return Call(scope["service"].lower(), scope["region"], _operation(request, body), scope["key"])


def _operation(request: Request, body: bytes) -> str:
    """Return the operation: from a header (JSON), the form (query), or method and path (REST)."""
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2]
    form = parse_qs(body.decode(errors="replace")) if request.mimetype == "application/x-www-form-urlencoded" else {}
    return request.args.get("Action") or form.get("Action", [""])[0] or f"{request.method} {request.path}"
