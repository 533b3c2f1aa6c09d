"""Values in DynamoDB's JSON, and the parts of an item that hold more than one value."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from ansari_whatsapp.inbox.base import Profile, SeenMessage, SentNotice

Value: TypeAlias = dict[str, Any]
Item: TypeAlias = Mapping[str, Value]


def text(value: str) -> Value:
    return {"S": value}


def number(value: float) -> Value:
    return {"N": repr(int(value)) if float(value).is_integer() else repr(round(value, 3))}


def flag(*, value: bool) -> Value:
    return {"BOOL": value}


def texts(values: Sequence[str]) -> Value:
    return {"L": [text(value) for value in values]}


def fields(values: Mapping[str, Value | None]) -> Value:
    """A map without the absent values."""
    return {"M": {name: value for name, value in values.items() if value is not None}}


def packed(parts: Sequence[str]) -> Value:
    """The parts of an answer, compressed: each write of an item costs by its size."""
    return _compressed(list(parts))


def unpacked(item: Item, name: str) -> tuple[str, ...]:
    value = item.get(name)
    return tuple(_decompressed(value)) if value else ()


def _compressed(data: list[Any]) -> Value:
    return {"B": base64.b64encode(zlib.compress(orjson.dumps(data), 6)).decode()}


def _decompressed(value: Value) -> Any:
    return orjson.loads(zlib.decompress(base64.b64decode(value["B"])))


def get_text(item: Item, name: str, default: str = "") -> str:
    value = item.get(name)
    return str(value["S"]) if value else default


def get_number(item: Item, name: str, default: float = 0.0) -> float:
    value = item.get(name)
    return float(value["N"]) if value else default


def get_int(item: Item, name: str) -> int:
    return int(get_number(item, name))


def get_flag(item: Item, name: str) -> bool:
    value = item.get(name)
    return bool(value and value["BOOL"])


def get_texts(item: Item, name: str) -> list[str]:
    value = item.get(name)
    return [str(each["S"]) for each in value["L"]] if value else []


def get_fields(item: Item, name: str) -> Item | None:
    value = item.get(name)
    fields: Item | None = value["M"] if value else None
    return fields


def profile(value: Profile) -> Value:
    """What is remembered of a user, compressed."""
    data = [[list(seen) for seen in value.seen], {name: list(told) for name, told in value.notices.items()}]
    return _compressed([*data, value.language, value.held])


def get_profile(item: Item, name: str) -> Profile:
    if name not in item:
        return Profile()
    seen, told, language, held = _decompressed(item[name])
    return Profile(
        tuple(SeenMessage(*each) for each in seen),
        {notice: SentNotice(*each) for notice, each in told.items()},
        language,
        held,
    )
