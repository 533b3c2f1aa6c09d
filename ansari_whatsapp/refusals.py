"""The answers to a request for what the service does not serve, or not to this caller."""

from __future__ import annotations

import orjson
from sanic import HTTPResponse, Request


def not_served() -> HTTPResponse:
    """Return a redirection to the health check.

    A refusal would count: Amazon ECS Express Mode rolls a deployment back when more than 1 % of the answers are 4xx or
    5xx (Amazon ECS developer guide, "Updating an Express Mode service"). Where few messages come, one scanner that asks
    for paths like /.env sends most of the requests.
    """
    return HTTPResponse(status=303, headers={"Location": "/"})


def refuse_token(request: Request) -> HTTPResponse:
    """Return a refusal to a caller whose token is wrong; to one without a token, what is not served."""
    if "authorization" not in request.headers:
        return not_served()
    return HTTPResponse(orjson.dumps({"error": "forbidden"}), status=403, content_type="application/json")
