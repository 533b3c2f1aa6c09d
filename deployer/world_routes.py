"""Requests to the control routes of a local world."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPHandler, OpenerDirector, Request

from deployer.world_keys import Keys


def ask(url: str, keys: Keys, body: dict[str, str] | None = None, *, timeout: float = 5) -> Any:
    """Request a control route and return its JSON document; with a body it is a POST. Raises OSError or ValueError."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **keys.bearer}
    request = Request(url, data, headers)  # noqa: S310 -- a loopback address of the manifest
    with _opener().open(request, timeout=timeout) as answer:
        return json.load(answer)


def _opener() -> OpenerDirector:
    """Return an opener without proxies and redirects, so that the token goes to this machine only."""
    opener = OpenerDirector()
    for handler in (HTTPHandler(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    return opener
