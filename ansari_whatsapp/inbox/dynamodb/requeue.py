"""Queue again what has ended in a table: a part that did not arrive, and a dead letter."""

from __future__ import annotations

from ansari_whatsapp.inbox.base import AGAIN, Job, State
from ansari_whatsapp.inbox.dynamodb.attributes import get_text
from ansari_whatsapp.inbox.dynamodb.box import name_of_part
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.markers import LETTER, Markers
from ansari_whatsapp.inbox.dynamodb.names import Names, ended
from ansari_whatsapp.inbox.dynamodb.write import Write
from ansari_whatsapp.inbox.tag import Tag
from ansari_whatsapp.webhook import Message


async def resend(names: Names, boxes: Boxes, markers: Markers, tag: Tag, at: float) -> bool:
    """Queue a part as a job of its own that is due at `at`.

    Returns False if the answer is no longer stored or is another one, or the part was queued already.
    """
    box = await boxes.read(tag.user)
    parts = box.answer_of(tag.message)
    again = name_of_part(tag.message, tag.part)
    name = names.message(again)
    if not tag.fits(parts) or box.has(name) or await markers.read(tag.user, name):
        return False
    user = get_text(box.item, "usr")
    job = Job(Message(again, user, AGAIN, None, None), State.ANSWERED, (parts[tag.part - 1],))
    is_new, _ = await boxes.append(tag.user, user, name, job, at=at)
    return is_new


async def replay(boxes: Boxes, markers: Markers, letter_id: str) -> bool:
    """Queue a dead letter as if it had just arrived. Returns False if it does not exist."""
    user, _, name = letter_id.removeprefix(LETTER).partition(".")
    letter = await markers.take_dead(user, name)
    if letter is None:
        return False
    state = State.ANSWERED if letter.parts else State.RECEIVED
    await _forget_end(boxes, user, name)
    await boxes.append(user, letter.message.user, name, Job(letter.message, state, letter.parts, letter.sent))
    await markers.delete(user, name, only="again")
    return True


async def _forget_end(boxes: Boxes, user: str, name: str) -> None:
    """Remove the end of a message from its box, so that the message can wait there again."""
    write = Write()
    write.remove(ended(name))
    write.when(write.exists(ended(name)))
    await boxes.apply(write, user)
