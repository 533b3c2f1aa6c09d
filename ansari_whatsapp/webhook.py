"""From Meta's envelope to every inbound message and status in it. Pure and total: no payload raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

USER = re.compile(r"[0-9]{5,20}|[A-Z]{2}\.[A-Za-z0-9]{1,128}")
KIND = re.compile(r"[a-z_]{1,64}")
WAMID = re.compile(r"[!-~]{1,400}")  # with a little around it, it is the tag of a part, which may have 512
LONGEST_TEXT = 16_000  # characters; WhatsApp takes 4096 of a user, and that is not to be relied on
_SAID_IN = {"text": "body", "button": "text"}
KNOWN = frozenset(
    {"image", "video", "document", "audio", "sticker", "location", "contacts", "order", "unsupported", "unknown"}
)


class Message(NamedTuple):
    """One message of a user. `user` is the phone number, or the business-scoped id when Meta gives no number.

    `text` is what the user said, None for another kind of message; it holds no lone surrogate, and a text of more
    than LONGEST_TEXT characters is cut after LONGEST_TEXT + 1. `timestamp` is unix seconds, None if unknown.
    """

    wamid: str
    user: str
    kind: str
    text: str | None
    timestamp: int | None


class Status(NamedTuple):
    """What became of a message that was sent. `tag` is our own data, `code` Meta's error code."""

    wamid: str
    status: str
    tag: str | None
    code: int | None


class Batch(NamedTuple):
    """All that one POST carries.

    `revoked` are the messages that their writers deleted, as user and wamid; `edited` are those that they changed, as
    user, wamid and new text. The user is the sender of the change: nobody else's messages are changed by it.
    `ignored` counts what is known not to concern this service, or not understood; `errors` are Meta's codes for trouble
    with the account or the number, which come beside no message.
    """

    messages: tuple[Message, ...]
    statuses: tuple[Status, ...]
    ignored: int
    revoked: tuple[tuple[str, str], ...] = ()
    edited: tuple[tuple[str, str, str], ...] = ()
    errors: tuple[int | None, ...] = ()


def decode(body: bytes) -> object:
    """The JSON of a signed body. Raises ValueError when nobody can read it.

    A body that is not strictly JSON, such as one with half an emoji in it, is read as leniently as can be: the other
    messages in it must not be lost, and Meta would deliver the same bytes again for days.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except RecursionError:
        raise ValueError("too deep") from None


def parse(payload: object, phone_number_id: str) -> Batch:
    """Every entry, change, message and status for this phone number; a repeated wamid counts once."""
    messages: dict[str, Message] = {}
    statuses: list[Status] = []
    revoked: list[tuple[str, str]] = []
    edited: list[tuple[str, str, str]] = []
    errors: list[int | None] = []
    ignored = 0
    for value in _values(payload):
        number = _get(value, "metadata", "phone_number_id")
        if number is None or number == phone_number_id:  # trouble with the whole account may name no number
            errors += [_code(error) for error in _objects(value.get("errors"))]
        if number != phone_number_id:
            ignored += 1
            continue
        writers = _objects(value.get("contacts"))
        for item in _objects(value.get("messages")):
            user = _user(item, writers)
            if user is not None and "revoke" in item and (gone := _original(item["revoke"])) is not None:
                revoked.append((user, gone))
            if user is not None and "edit" in item and (edit := _edit(item["edit"])) is not None:
                edited.append((user, *edit))
            message = _message(item, user)
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
    return Batch(tuple(messages.values()), tuple(statuses), ignored, tuple(revoked), tuple(edited), tuple(errors))


def _values(payload: object) -> Iterator[dict[str, Any]]:
    if not isinstance(payload, dict):
        return
    for entry in _objects(payload.get("entry")):
        for change in _objects(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield value


def _message(item: dict[str, Any], user: str | None) -> Message | None:
    wamid, kind = item.get("id"), item.get("type")
    if not isinstance(wamid, str) or not WAMID.fullmatch(wamid) or user is None:
        return None
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        return None
    if "group_id" in item:  # answering a group's message would write to one of its members
        return None
    return Message(wamid, user, kind, _text(item, kind), _seconds(item.get("timestamp")))


def _user(item: dict[str, Any], writers: list[dict[str, Any]]) -> str | None:
    """The number when there is one; since usernames exist it may be absent or empty.

    The contact beside a message stands for its writer only when there is no other contact it could be.
    """
    number = item.get("from")
    if isinstance(number, str) and USER.fullmatch(number):
        return number
    writer = writers[0] if len(writers) == 1 else {}
    for value in (writer.get("wa_id"), item.get("from_user_id"), writer.get("user_id")):
        if isinstance(value, str) and USER.fullmatch(value):
            return value
    return None


def _text(item: dict[str, Any], kind: str) -> str | None:
    """What the user said: typed, or by tapping a button or a list row that we offered."""
    if kind == "interactive":
        reply = item.get("interactive")
        chosen = _get(reply, "button_reply", "title") or _get(reply, "list_reply", "title")
        return _whole(chosen) if isinstance(chosen, str) else None
    if kind not in _SAID_IN:
        return None
    said = _get(item, kind, _SAID_IN[kind])
    return _whole(said) if isinstance(said, str) else None


def _original(change: object) -> str | None:
    """The wamid of the message that was taken back or edited."""
    wamid = _get(change, "original_message_id")
    return wamid if isinstance(wamid, str) and WAMID.fullmatch(wamid) else None


def _edit(change: object) -> tuple[str, str] | None:
    """The message that was edited, and its new text."""
    wamid, message = _original(change), _get(change, "message")
    text = _text(message, "text") if isinstance(message, dict) else None
    return (wamid, text) if wamid is not None and text is not None else None


def _whole(text: str) -> str:
    """With U+FFFD for half a surrogate pair, which no encoder takes."""
    text = text[: LONGEST_TEXT + 1]
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _status(item: dict[str, Any]) -> Status | None:
    wamid, status = item.get("id"), item.get("status")
    if not isinstance(wamid, str) or not isinstance(status, str):
        return None
    tag = item.get("biz_opaque_callback_data")
    errors = _objects(item.get("errors"))
    return Status(wamid, status, tag if isinstance(tag, str) else None, _code(errors[0]) if errors else None)


def _code(error: dict[str, Any]) -> int | None:
    code = error.get("code")
    return code if isinstance(code, int) else None


def _seconds(value: object) -> int | None:
    """Unix seconds; a number of more than 11 digits is not valid."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11:
        return value
    if isinstance(value, str) and len(value) <= 11 and value.isascii() and value.isdecimal():
        return int(value)
    return None


def _get(value: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if value and isinstance(value, list) else []
