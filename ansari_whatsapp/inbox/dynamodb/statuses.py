"""Meta's statuses of a part that is being sent: its lessee may be another instance than the one that gets them."""

from __future__ import annotations

from typing import Final

import orjson

from ansari_whatsapp.inbox.base import AGAIN, Job, LeaseLost, State
from ansari_whatsapp.inbox.dynamodb.attributes import text
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.cleaning import Cleaner
from ansari_whatsapp.inbox.dynamodb.names import Names
from ansari_whatsapp.inbox.dynamodb.write import Write
from ansari_whatsapp.inbox.tag import Tag, is_of
from ansari_whatsapp.webhook import Status

SENT_WORDS: Final = frozenset({"sent", "delivered", "failed"})


class Statuses:
    """Keeps the status of a part in its user's box. `tag`, `settle` and `outcome` are those of the Inbox protocol."""

    def __init__(self, names: Names, boxes: Boxes, cleaner: Cleaner) -> None:
        self._names = names
        self._boxes = boxes
        self._cleaner = cleaner

    def tag(self, job: Job, part: int) -> str:
        wamid = job.message.wamid
        user, message = self._names.user(job.message.user), self._names.message(wamid)
        return str(Tag.of(part, wamid.count(f"{AGAIN}:"), user, message, job.parts))

    async def settle(self, status: Status) -> None:
        tag = Tag.parse(status.tag)
        if tag is None or self._cleaner.ended_here(tag.message) or status.status not in SENT_WORDS:
            return
        box = await self._boxes.read(tag.user, consistent=False)
        if box.first != tag.message:
            return
        job = box.job()
        if job.state is not State.ANSWERED or tag.part != job.sent + 1 or not tag.fits(job.parts):
            return
        known = box.outcome()
        if known is not None and known.tag == status.tag and status.status != "failed" != known.status:
            return  # "delivered" after "sent" shows nothing new
        write = Write()
        write.set("out", text(orjson.dumps([tag.part, *status]).decode()))
        sent = write.compare("sent", "=", box.item["sent"]) if "sent" in box.item else write.absent("sent")
        write.when(write.compare("ids[0]", "=", text(tag.message)), sent)
        await self._boxes.apply(write, tag.user)

    async def outcome(self, job: Job) -> Status | None:
        box = await self._boxes.read(self._names.user(job.message.user))
        if box.own != job.lease:
            raise LeaseLost(job.message.wamid)
        status = box.outcome()
        return status if status and is_of(status.tag, self.tag(job, job.sent + 1)) else None
