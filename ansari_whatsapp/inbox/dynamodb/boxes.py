"""Read and write the boxes in one table."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from ansari_whatsapp.inbox.base import InboxFull, InboxUnavailable, Job
from ansari_whatsapp.inbox.dynamodb.attributes import Item, get_fields, get_text, number
from ansari_whatsapp.inbox.dynamodb.box import Box, entry
from ansari_whatsapp.inbox.dynamodb.box_writes import key_of, lease_box, put_alone, put_behind, stored_by
from ansari_whatsapp.inbox.dynamodb.client import Client, ConditionFailed
from ansari_whatsapp.inbox.dynamodb.names import ended
from ansari_whatsapp.inbox.dynamodb.write import Write


class Boxes:
    """The boxes of one table, by the hashed user. `append`, for which Meta waits, gives up after `commit_seconds`."""

    def __init__(self, client: Client, table: str, clock: Callable[[], float], commit_seconds: float) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._commit_seconds = commit_seconds

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

    async def append(
        self, user: str, number_of_user: str, name: str, job: Job, *, until: float | None = None, at: float = 0.0
    ) -> tuple[bool, Box | None]:
        """Append a message, due at once or `at`, to its user's box. A box without work is leased, if `until` is given.

        Returns whether the message is new, and the box if it was leased.
        """
        now, token = self._clock(), secrets.token_urlsafe(9)
        one = entry(job, token, now, at if at > now else 0.0)
        for _ in range(10):
            write = put_alone(name, one, user, number_of_user, now)
            if until is None:
                write.set("due", number(max(now, at)))
            else:
                lease_box(write, token, until, now, first=True)
            returns = "ALL_NEW" if until is not None else "NONE"
            answer = await self.apply(write, user, returns, self._commit_seconds)
            if not isinstance(answer, ConditionFailed):
                return True, None if until is None else Box(answer)
            box = Box(answer.item)
            if box.own == token:  # written, and the reply was lost
                return True, box
            if box.ids and not box.has(name):
                answer = await self.apply(put_behind(name, one), user, within=self._commit_seconds)
                if not isinstance(answer, ConditionFailed):
                    return True, None
                box = Box(answer.item)
            if box.has(name):
                return stored_by(token, box, name), None
            if box.full:
                raise InboxFull
        raise InboxUnavailable("the box changes all the time")

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
