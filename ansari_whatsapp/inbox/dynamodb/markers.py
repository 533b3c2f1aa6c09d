"""The markers of messages: which were answered or given up, and changes that came before their message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Final

from ansari_whatsapp.inbox.base import KEEP_DEAD, KEEP_EARLY, REMEMBER, DeadLetter
from ansari_whatsapp.inbox.dynamodb.attributes import (
    Item,
    Value,
    flag,
    get_int,
    get_number,
    get_text,
    number,
    text,
    unpacked,
)
from ansari_whatsapp.inbox.dynamodb.client import Client, ConditionFailed
from ansari_whatsapp.inbox.dynamodb.index import query
from ansari_whatsapp.inbox.dynamodb.names import BIN, DEAD, marker, partition
from ansari_whatsapp.inbox.dynamodb.write import Write
from ansari_whatsapp.webhook import Message

KEPT: Final = REMEMBER + 86400.0  # seconds of a marker, with a day for clocks and DynamoDB's own deletion
LETTER: Final = "d."  # begins the id of a dead letter: on a command line, a hash that begins with "-" is an option

Key = dict[str, Value]


class Markers:
    """The markers in one table. A marker whose time is over counts as absent, also before DynamoDB deletes it."""

    def __init__(self, client: Client, table: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def read(self, user: str, message: str, within: float = 10.0) -> Item | None:
        """The marker of a message, None if there is none."""
        request = {"TableName": self._table, "Key": key(user, message), "ConsistentRead": True}
        stored: Item | None = (await self._client.call("GetItem", request, within)).get("Item")
        return stored if stored and get_number(stored, "gone") > self._clock() else None

    async def write_end(self, user: str, message: str, last: Item) -> None:
        """Keep what came of a message. It may be written twice; an end that is there already stays."""
        now = self._clock()
        item: dict[str, Value] = {**key(user, message), "st": last["st"], "gone": number(now + KEPT)}
        if get_text(last, "st") == "failed":
            item |= {name: value for name, value in last.items() if name not in {"u", "o", "died"}}
            item |= {"lane": text(DEAD), "due": last["died"]}
        write = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(sk) OR gone <= :now OR #st IN (:early, :again)",
            "ExpressionAttributeNames": {"#st": "st"},
            "ExpressionAttributeValues": {":now": number(now), ":early": text("early"), ":again": text("again")},
        }
        with suppress(ConditionFailed):  # written before
            await self._client.call("PutItem", write)

    async def change_early(self, user: str, message: str, said: str | None) -> bool:
        """Keep a new text, or a withdrawal, for a message that did not come yet. False if the message has ended."""
        now = self._clock()
        change: dict[str, Value] = {"wd": flag(value=True)} if said is None else {"x": text(said)}
        until = number(now + KEEP_EARLY)
        write = {
            "TableName": self._table,
            "Item": {
                **key(user, message),
                "st": text("early"),
                "lane": text(BIN),
                "due": until,
                "gone": until,
                **change,
            },
            "ConditionExpression": "attribute_not_exists(sk) OR gone <= :now OR #st = :early",
            "ExpressionAttributeNames": {"#st": "st"},
            "ExpressionAttributeValues": {":now": number(now), ":early": text("early")},
        }
        try:
            await self._client.call("PutItem", write)
        except ConditionFailed:
            return False
        return True

    async def dead(self, newest: int | None = None) -> Sequence[DeadLetter]:
        """Every dead letter, or as many of the newest; oldest first."""
        keys: list[Item] = []
        async for item in query(self._client, self._table, DEAD, last_first=True):
            if len(keys) == newest:
                break
            keys.append(item)
        items = await asyncio.gather(*(self._get(item) for item in keys))
        letters = [_letter(item) for item in items if item and get_text(item, "st") in {"failed", "again"}]
        return sorted(letters, key=lambda letter: letter.died)

    async def count_dead(self) -> int:
        return len([item async for item in self._query(DEAD)])

    async def take_dead(self, user: str, message: str) -> DeadLetter | None:
        """Mark a dead letter as one that is replayed, and return it; None if there is none."""
        write = Write()
        write.set("st", text("again"))
        write.when(f"{write.compare('st', '=', text('failed'))} OR {write.compare('st', '=', text('again'))}")
        try:
            answer = await self._client.call("UpdateItem", write.request(self._table, key(user, message), "ALL_NEW"))
        except ConditionFailed:
            return None
        return _letter(answer["Attributes"])

    async def delete(self, user: str, message: str, only: str) -> None:
        """Delete a marker in this state."""
        request = {
            "TableName": self._table,
            "Key": key(user, message),
            "ConditionExpression": "#st = :st",
            "ExpressionAttributeNames": {"#st": "st"},
            "ExpressionAttributeValues": {":st": text(only)},
        }
        with suppress(ConditionFailed):
            await self._client.call("DeleteItem", request)

    async def forget(self) -> None:
        """Delete early changes whose message never came, and the texts of old dead letters."""
        now = self._clock()
        async for item in self._query(BIN, before=now):
            await self.delete(*_names(item), only="early")
        async for item in self._query(DEAD, before=now - KEEP_DEAD):
            write = Write()
            write.set("st", text("done"))
            write.remove("lane", "due", "w", "usr", "k", "x", "ts", "p", "sn")
            write.when(write.compare("st", "=", text("failed")))
            with suppress(ConditionFailed):
                await self._client.call("UpdateItem", write.request(self._table, key(*_names(item))))

    async def _get(self, item: Item) -> Item | None:
        request = {"TableName": self._table, "Key": {"pk": item["pk"], "sk": item["sk"]}, "ConsistentRead": True}
        stored: Item | None = (await self._client.call("GetItem", request)).get("Item")
        return stored

    def _query(self, lane: str, before: float | None = None) -> AsyncIterator[Item]:
        return query(self._client, self._table, lane, before)


def is_end(marker: Item | None) -> bool:
    """Whether a message has this marker because it ended."""
    return marker is not None and get_text(marker, "st") in {"done", "failed"}


def key(user: str, message: str) -> Key:
    return {"pk": text(partition(user)), "sk": text(marker(message))}


def _names(item: Item) -> tuple[str, str]:
    """The hashed user and message of a marker."""
    return get_text(item, "pk").removeprefix(partition("")), get_text(item, "sk").removeprefix(marker(""))


def _letter(item: Item) -> DeadLetter:
    user, message = _names(item)
    said = get_text(item, "x") if "x" in item else None
    written = int(get_number(item, "ts")) if "ts" in item else None
    return DeadLetter(
        f"{LETTER}{user}.{message}",
        Message(get_text(item, "w"), get_text(item, "usr"), get_text(item, "k"), said, written),
        get_number(item, "due"),
        unpacked(item, "p"),
        get_int(item, "sn"),
    )
