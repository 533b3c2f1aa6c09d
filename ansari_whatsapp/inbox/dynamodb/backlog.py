"""The unfinished jobs in a table, by stage: the index lists the boxes with work, and each box is read."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from ansari_whatsapp.inbox.base import Backlog, Stage, State
from ansari_whatsapp.inbox.dynamodb.attributes import Item, get_number
from ansari_whatsapp.inbox.dynamodb.box import Box
from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.inbox.dynamodb.index import query
from ansari_whatsapp.inbox.dynamodb.names import lanes

MOST_OF_LANE: Final = 250  # boxes that are read; a box may have 400 KB
AT_ONCE: Final = 16


async def read_backlog(client: Client, table: str, now: float, most: int = MOST_OF_LANE) -> Backlog:
    """Read the boxes that are due first, up to `most` in each lane. Nothing is kept of their content."""
    pages = await asyncio.gather(*(_entries(client, table, lane, most) for lane in lanes()))
    entries = [entry for each in pages for entry in each[:most]]
    room = asyncio.Semaphore(AT_ONCE)

    async def stages_of(entry: Item) -> Counter[Stage]:
        request = {"TableName": table, "Key": {"pk": entry["pk"], "sk": entry["sk"]}}
        async with room:
            item: Item = (await client.call("GetItem", request)).get("Item", {})
        return _stages(Box(item), now)

    stages = [each for each in await asyncio.gather(*map(stages_of, entries)) if each]
    oldest = min((get_number(entry, "since") for entry in entries), default=None)
    complete = all(len(each) <= most for each in pages)
    return Backlog(len(stages), sum(stages, Counter()), oldest, complete)


async def _entries(client: Client, table: str, lane: str, most: int) -> list[Item]:
    """Up to `most` index entries of boxes with work, and one more if there are more."""
    entries: list[Item] = []
    async for item in query(client, table, lane):
        if "since" in item:
            entries.append(item)
        if len(entries) > most:
            break
    return entries


def _stages(box: Box, now: float) -> Counter[Stage]:
    if not box.ids:  # its work ended after the index was read
        return Counter()
    answered, later = box.job().state is State.ANSWERED, box.due > now
    stages = Counter({Stage.WAITING: len(box.ids) - 1})
    stages[Stage.of(leased=bool(box.own) and later, answered=answered, later=later)] += 1
    return stages
