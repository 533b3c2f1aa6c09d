"""Read and write the boxes in one table."""

from __future__ import annotations

from ansari_whatsapp.inbox.base import InboxFull
from ansari_whatsapp.inbox.dynamodb.attributes import Item, get_fields, get_text
from ansari_whatsapp.inbox.dynamodb.box import Box
from ansari_whatsapp.inbox.dynamodb.box_writes import key_of
from ansari_whatsapp.inbox.dynamodb.client import Client, ConditionFailed
from ansari_whatsapp.inbox.dynamodb.names import ended
from ansari_whatsapp.inbox.dynamodb.write import Write


class Boxes:
    """The boxes of one table, by the hashed user."""

    def __init__(self, client: Client, table: str) -> None:
        self._client = client
        self._table = table

    async def read(self, user: str, *, consistent: bool = True) -> Box:
        request = {"TableName": self._table, "Key": key_of(user), "ConsistentRead": consistent}
        return Box((await self._client.call("GetItem", request)).get("Item", {}))

    async def apply(
        self, write: Write, user: str, returns: str = "NONE", within: float = 10.0
    ) -> Item | ConditionFailed:
        """Apply a write to a box; return its attributes, or the condition's failure."""
        try:
            answer = await self._client.call("UpdateItem", write.request(self._table, key_of(user), returns), within)
        except ConditionFailed as failed:
            return failed
        item: Item = answer.get("Attributes", {})
        return item

    async def apply_with_room(self, write: Write, user: str, returns: str = "NONE") -> Item | ConditionFailed:
        """Apply a write to the box of a leased job, and make room if the box would be too large."""
        try:
            return await self.apply(write, user, returns)
        except InboxFull:
            await self._drop_answers(user)
            return await self.apply(write, user, returns)

    async def _drop_answers(self, user: str) -> None:
        """Drop the kept answers of messages that ended, which cannot be sent again then."""
        box, write = await self.read(user), Write()
        kept = {name: get_fields(box.item, ended(name)) or {} for name in box.ended}
        for name, end in kept.items():
            if "p" in end and get_text(end, "st") == "done":
                write.remove(f"{ended(name)}.p")
                write.when(write.exists(ended(name)))
        if not write.empty:
            await self.apply(write, user)
