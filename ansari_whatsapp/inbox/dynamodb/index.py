"""The index of a table: boxes with work, dead letters and early changes, each in its lane and by when it is due.

An index may lag behind its table, so the write that follows decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from ansari_whatsapp.inbox.dynamodb.attributes import Item, get_number, number, text
from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.inbox.dynamodb.names import lanes
from ansari_whatsapp.inbox.dynamodb.table import INDEX

PER_PAGE: Final = 100


class Index:
    """The boxes in the index of one table."""

    def __init__(self, client: Client, table: str) -> None:
        self._client = client
        self._table = table
        self.users = 0  # with waiting messages, when they were counted last

    async def count(self) -> int:
        """Count the users with waiting messages."""
        self.users = len(await self.since())
        return self.users

    async def due(self, now: float) -> list[Item]:
        """The entries of the boxes that are due, with and without work."""

        async def of(lane: str) -> list[Item]:
            return [item async for item in query(self._client, self._table, lane, now)]

        return [item for each in await asyncio.gather(*(of(lane) for lane in lanes())) for item in each]

    async def since(self) -> list[float]:
        """When the work of each user with waiting messages began."""

        async def of(lane: str) -> list[float]:
            items = [item async for item in query(self._client, self._table, lane)]
            return [get_number(item, "since") for item in items if "since" in item]

        return [since for each in await asyncio.gather(*(of(lane) for lane in lanes())) for since in each]


async def query(
    client: Client, table: str, lane: str, before: float | None = None, *, last_first: bool = False
) -> AsyncIterator[Item]:
    """Every index entry of a lane, those due first or last; only those that are due `before` a time, if given."""
    request: dict[str, object] = {
        "TableName": table,
        "IndexName": INDEX,
        "KeyConditionExpression": "lane = :lane" if before is None else "lane = :lane AND due <= :due",
        "ExpressionAttributeValues": {":lane": text(lane)} | ({} if before is None else {":due": number(before)}),
        "Limit": PER_PAGE,
        "ScanIndexForward": not last_first,
    }
    while True:
        answer = await client.call("Query", request)
        for item in answer["Items"]:
            yield item
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
