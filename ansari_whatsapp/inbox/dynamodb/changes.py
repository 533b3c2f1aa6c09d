"""Edits and withdrawals of messages in a table, which count until the first part of the answer is being sent."""

from __future__ import annotations

from ansari_whatsapp.inbox.base import InboxFull
from ansari_whatsapp.inbox.dynamodb.attributes import number, text
from ansari_whatsapp.inbox.dynamodb.box import Box
from ansari_whatsapp.inbox.dynamodb.box_writes import change_message
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.client import ConditionFailed
from ansari_whatsapp.inbox.dynamodb.markers import Markers
from ansari_whatsapp.inbox.dynamodb.names import ended, waits


async def change(boxes: Boxes, markers: Markers, user: str, name: str, said: str | None) -> bool:
    """Replace the text of a message, or withdraw it if `said` is None; if it did not come yet, keep the change for it.

    Returns False if its answer is being sent or was sent.
    """
    for early in (True, False):
        write = change_message(name, said)
        write.when(
            f"{write.compare('ids[0]', '<>', text(name))} OR {write.absent('ans')}",
            write.absent(f"{waits(name)}.p"),
        )
        answer = await boxes.apply(write, user)
        if not isinstance(answer, ConditionFailed):
            return True
        box = Box(answer.item)
        if waits(name) in box.item:
            if said is not None and box.full:
                raise InboxFull
            return not box.sending(name) and await _drop_answer(boxes, user, name, said)
        if ended(name) in box.item:
            return False
        # The message may come between the two writes: then the box is changed after all.
        if early and not await markers.change_early(user, name, said):
            return False
    return True


async def _drop_answer(boxes: Boxes, user: str, name: str, said: str | None) -> bool:
    """Change a message whose answer waits to be sent, and drop that answer."""
    write = change_message(name, said)
    write.remove("ans", "sent", "bad", "out")
    write.when(write.compare("ids[0]", "=", text(name)), write.absent("own"), write.compare("sent", "=", number(0)))
    return not isinstance(await boxes.apply(write, user), ConditionFailed)
