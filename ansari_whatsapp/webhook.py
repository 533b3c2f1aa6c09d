"""From Meta's envelope to every inbound message and status in it. Pure and total: no payload raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

USER = re.compile(r"\d{5,20}|[A-Z]{2}\.[A-Za-z0-9]{1,128}")
SILENT = frozenset({"reaction", "system", "edit", "revoke", "request_welcome"})
KNOWN = frozenset(
    {"image", "video", "document", "audio", "sticker", "location", "contacts", "order", "unsupported", "unknown"}
)


@dataclass(frozen=True)
class Message:
    """One message of a user. `user` is the phone number, or the business-scoped id when Meta gives no number.

    `text` is what the user said, None when the message is no text; `timestamp` is unix seconds, None if unknown.
    """

    wamid: str
    user: str
    kind: str
    text: str | None
    timestamp: int | None


@dataclass(frozen=True)
class Status:
    """What became of a message that was sent. `tag` is our own data, `code` Meta's error code."""

    wamid: str
    status: str
    tag: str | None
    code: int | None


@dataclass(frozen=True)
class Batch:
    """All that one POST carries. `ignored` counts what is known not to concern this service, or not understood."""

    messages: tuple[Message, ...]
    statuses: tuple[Status, ...]
    ignored: int


def parse(payload: object, phone_number_id: str) -> Batch:
    """Every entry, change, message and status for this phone number; a repeated wamid counts once."""
    messages: dict[str, Message] = {}
    statuses: list[Status] = []
    ignored = 0
    for value in _values(payload):
        if _get(value, "metadata", "phone_number_id") != phone_number_id:
            ignored += 1
            continue
        for item in _objects(value.get("messages")):
            message = _message(item)
            if message is None:
                ignored += 1
            else:
                messages.setdefault(message.wamid, message)
        for item in _objects(value.get("statuses")):
            status = _status(item)
            if status is None:
                ignored += 1
            else:
                statuses.append(status)
    return Batch(tuple(messages.values()), tuple(statuses), ignored)


def _values(payload: object) -> Iterator[dict[str, Any]]:
    if not isinstance(payload, dict):
        return
    for entry in _objects(payload.get("entry")):
        for change in _objects(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield value


def _message(item: dict[str, Any]) -> Message | None:
    wamid, kind = item.get("id"), item.get("type")
    user = _user(item)
    if not isinstance(wamid, str) or not 0 < len(wamid) <= 512 or user is None or not isinstance(kind, str):
        return None
    return Message(wamid, user, kind, _text(item, kind), _seconds(item.get("timestamp")))


def _user(item: dict[str, Any]) -> str | None:
    """The number when there is one; since usernames exist it may be absent or empty."""
    for name in ("from", "from_user_id"):
        value = item.get(name)
        if isinstance(value, str) and USER.fullmatch(value):
            return value
    return None


def _text(item: dict[str, Any], kind: str) -> str | None:
    """What the user said: typed, or by tapping a button or a list row that we offered."""
    if kind == "interactive":
        reply = item.get("interactive")
        chosen = _get(reply, "button_reply", "title") or _get(reply, "list_reply", "title")
        return chosen if isinstance(chosen, str) else None
    found = _get(item, kind, {"text": "body", "button": "text"}.get(kind, ""))
    return found if isinstance(found, str) else None


def _status(item: dict[str, Any]) -> Status | None:
    wamid, status = item.get("id"), item.get("status")
    if not isinstance(wamid, str) or not isinstance(status, str):
        return None
    tag = item.get("biz_opaque_callback_data")
    code = next((error.get("code") for error in _objects(item.get("errors"))), None)
    return Status(wamid, status, tag if isinstance(tag, str) else None, code if isinstance(code, int) else None)


def _seconds(value: object) -> int | None:
    """Unix seconds; a number of more than 11 digits is no time."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,11}", text) else None


def _get(value: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
