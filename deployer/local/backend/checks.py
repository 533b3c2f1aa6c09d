"""The backend's refusals: FastAPI's validation, remapped to 400, and the API key."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from deployer.core.secret import SecretValue

KEY_HEADER = "X-Whatsapp-Api-Key"


class Refusal(Exception):
    """A status and the text of `{"detail": …}`."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def read_body(request: web.Request) -> object:
    """Parse the JSON body. FastAPI parses it first, so a broken body is refused before a wrong key."""
    raw = await request.read()
    if not raw:
        return None
    if request.content_type != "application/json":
        return raw
    try:
        return json.loads(raw)
    except ValueError as error:
        position = getattr(error, "pos", 0)
        problem = {"type": "json_invalid", "loc": ("body", position), "msg": "JSON decode error", "input": {}}
        raise Refusal(400, str([problem])) from None


def check(request: web.Request, key: SecretValue, problems: Iterable[dict[str, Any]] = ()) -> None:
    """Refuse as the backend does: a wrong key 401, else a missing key or a bad argument 400."""
    given = request.headers.get(KEY_HEADER)
    all_problems = list(problems)
    if given is None:
        all_problems.insert(0, _missing("header", KEY_HEADER.lower(), None))
    elif not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), key.reveal().encode()):
        raise Refusal(401, "Unauthorized: Invalid or missing API key")
    if all_problems:
        raise Refusal(400, str(all_problems))


def body_texts(body: object, *names: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the texts of a JSON object, and pydantic's errors for missing and non-text members."""
    if body is None:
        return {}, [{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}]
    if not isinstance(body, dict):
        message = "Input should be a valid dictionary or object to extract fields from"
        return {}, [{"type": "model_attributes_type", "loc": ("body",), "msg": message, "input": str(body)[:200]}]
    problems = []
    for name in names:
        if name not in body:
            problems.append(_missing("body", name, body))
        elif not isinstance(body[name], str):
            message = "Input should be a valid string"
            problems.append({"type": "string_type", "loc": ("body", name), "msg": message, "input": body[name]})
    return {name: body[name] for name in names if isinstance(body.get(name), str)}, problems


def query_phone(request: web.Request) -> tuple[str, list[dict[str, Any]]]:
    """Return the phone number of the query, and the errors in it."""
    phone = request.query.get("phone_num")
    return (phone, []) if phone is not None else ("", [_missing("query", "phone_num", None)])


def _missing(where: str, name: str, given: object) -> dict[str, Any]:
    return {"type": "missing", "loc": (where, name), "msg": "Field required", "input": given}
