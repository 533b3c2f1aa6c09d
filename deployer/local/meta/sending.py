"""Parse the body of `POST /{version}/{number}/messages` as strictly as Meta does. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from deployer.local.meta.errors import GraphError

TEXT_AT_MOST = 4096  # characters; counted in UTF-16 units, the strictest reading of an undocumented unit
TAG_AT_MOST = 512
BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
DIGITS = re.compile(r"\d{5,20}")


@dataclass(frozen=True)
class TextMessage:
    """A text to one user: `digits` or, for a user who hides the number, `bsuid`. `given` is what the sender wrote."""

    given: str
    digits: str | None
    bsuid: str | None
    body: str
    context: str | None
    tag: str | None  # biz_opaque_callback_data


@dataclass(frozen=True)
class ReadMark:
    """Blue ticks on a user's message and all before it, with or without the typing bubble."""

    message_id: str
    typing: bool


def read_request(raw: bytes) -> TextMessage | ReadMark:
    """Read a request's body. Raises GraphError."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise GraphError(100, "The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if "status" in body:
        return _read_mark(body)
    return _text(body)


def _read_mark(body: dict[str, Any]) -> ReadMark:
    if body["status"] != "read":
        raise GraphError(100, "Param status must be one of {READ}")
    message_id = body.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise GraphError(100, message="(#100) The parameter message_id is required.")
    indicator = body.get("typing_indicator")
    if indicator is not None and indicator != {"type": "text"}:
        raise GraphError(100, "Param typing_indicator['type'] must be one of {TEXT}")
    return ReadMark(message_id, indicator is not None)


def _text(body: dict[str, Any]) -> TextMessage:
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "Param recipient_type must be individual: this local number is in no group")
    given, digits, bsuid = _recipient(body)
    kind = body.get("type", "text")
    if kind != "text":
        raise GraphError(131051, f"The local Meta takes messages of type text, not {kind!r}")
    text = _object(body, "text", {"body", "preview_url"})
    if text is None:
        raise GraphError(131008, "Parameter 'text' is mandatory for type 'text'")
    if not isinstance(text.get("preview_url", False), bool):
        raise GraphError(100, "Param text['preview_url'] must be a boolean")
    context = _object(body, "context", {"message_id"})
    tag = body.get("biz_opaque_callback_data")
    if tag is not None and (not isinstance(tag, str) or len(tag) > TAG_AT_MOST):
        raise GraphError(100, f"Param biz_opaque_callback_data must be a string of at most {TAG_AT_MOST} characters")
    return TextMessage(given, digits, bsuid, _body(text), _quoted(context), tag)


def _recipient(body: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Return the recipient. The phone number wins if both are given."""
    to, recipient = body.get("to"), body.get("recipient")
    if to:
        digits = re.sub(r"[+\s().-]", "", to) if isinstance(to, str) else ""
        if not DIGITS.fullmatch(digits):
            raise GraphError(131009, "Param to is not a valid WhatsApp phone number")
        return str(to), digits, None
    if recipient:
        if not isinstance(recipient, str) or not BSUID.fullmatch(recipient):
            raise GraphError(131009, "Param recipient is not a valid business-scoped user ID")
        return recipient, None, recipient
    raise GraphError(100, message="(#100) The parameter to is required.")


def _object(body: dict[str, Any], name: str, keys: set[str]) -> dict[str, Any] | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise GraphError(100, f"Param {name} must be a JSON object.")
    for key in value.keys() - keys:
        raise GraphError(100, f'Unexpected key "{key}" on param "{name}".')
    return value


def _body(text: dict[str, Any]) -> str:
    body = text.get("body")
    if not isinstance(body, str) or not body.strip():
        raise GraphError(100, message="(#100) The parameter text['body'] is required.")
    if len(body.encode("utf-16-le", "surrogatepass")) // 2 > TEXT_AT_MOST:
        raise GraphError(100, f"Param text['body'] must be at most {TEXT_AT_MOST} characters long.")
    return body


def _quoted(context: dict[str, Any] | None) -> str | None:
    if context is None:
        return None
    message_id = context.get("message_id")
    if not isinstance(message_id, str) or not message_id.startswith("wamid."):
        raise GraphError(131009, "Param context['message_id'] is not a valid message id")
    return message_id
