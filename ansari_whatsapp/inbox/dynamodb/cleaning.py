"""Delete what boxes keep of messages that ended, within a minute of their end."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ansari_whatsapp.inbox.base import KEEP_PROFILE, KEEP_SENT
from ansari_whatsapp.inbox.dynamodb.attributes import get_fields, number
from ansari_whatsapp.inbox.dynamodb.box import PROGRESS, Box
from ansari_whatsapp.inbox.dynamodb.boxes import Boxes
from ansari_whatsapp.inbox.dynamodb.markers import Markers
from ansari_whatsapp.inbox.dynamodb.names import ended
from ansari_whatsapp.inbox.dynamodb.write import Write

CLEAN_BEFORE: Final = 3.0  # seconds before others would clean a box too
ENDS_KEPT: Final = 20.0  # seconds at least: a put that began before the end of its message still finds it in the box
OURS_AT_MOST: Final = 10_000


class Cleaner:
    """Cleans the boxes of messages that ended here, and of those whose instance is gone."""

    def __init__(self, boxes: Boxes, markers: Markers, clock: Callable[[], float]) -> None:
        self._boxes = boxes
        self._markers = markers
        self._clock = clock
        self._later: list[tuple[float, str]] = []  # a heap of when the end of a message may leave its user's box
        self._ours: OrderedDict[str, None] = OrderedDict()  # messages that ended here, and whose markers are written

    @property
    def users(self) -> set[str]:
        """The users whose boxes are to be cleaned by this instance."""
        return {user for _, user in self._later}

    def note_end(self, name: str) -> None:
        """Note that a message ended here, and that its marker is written."""
        self._ours[name] = None
        while len(self._ours) > OURS_AT_MOST:
            self._ours.popitem(last=False)

    def ended_here(self, name: str) -> bool:
        return name in self._ours

    def clean_later(self, user: str, box: Box, now: float) -> None:
        """Clean a box when its next end is a minute old, or when others would find it without work."""
        times = [_idle_from(box)] if not box.ids and "lane" in box.item else []
        times += [until for until in box.ends.values() if until > now]
        if times:
            heapq.heappush(self._later, (min(times) - CLEAN_BEFORE, user))

    async def clean_due(self, now: float) -> None:
        """Clean the boxes of messages that ended here, before other instances find them."""
        while self._later and self._later[0][0] <= now:
            _, user = heapq.heappop(self._later)
            before = now + CLEAN_BEFORE
            box = await self.clean(user, before)
            if box.ids or _idle_from(box) > before:
                self.clean_later(user, box, before)

    async def clean(self, user: str, now: float) -> Box:
        """Delete what a box keeps of messages that ended up to a minute before `now`; without work, all of its user.

        Returns the box as it was.
        """
        box = await self._boxes.read(user)
        idle = not box.ids and _idle_from(box) <= now
        names = box.ended if idle else box.overdue(now)
        if not box.item or not (names or (idle and "lane" in box.item)):
            return box
        for name in names:
            if name not in self._ours:  # the process that ended the message may have died before it wrote the marker
                await self._write_end(user, name, box)
        write = Write()
        write.remove(*(ended(name) for name in names))
        if idle:
            write.remove("lane", "due", "usr", "since", "size", "own", "held", *PROGRESS)
            write.set("gone", number(self._clock() + KEEP_PROFILE))
            write.when(write.size("ids", "=", 0), write.compare("due", "=", box.item["due"]))
        else:
            write.when(write.exists("ids"))
        await self._boxes.apply(write, user)
        return box

    async def overdue(self, user: str, box: Box, now: float) -> list[str]:
        """The ended messages that may leave a busy box now: their markers are written for certain."""
        names = box.overdue(now)
        for name in names:
            await self._write_end(user, name, box)
        return names

    async def _write_end(self, user: str, name: str, box: Box) -> None:
        """Write the marker of a message that ended, in case that the process which ended it did not."""
        await self._markers.write_end(user, name, get_fields(box.item, ended(name)) or {})


def _idle_from(box: Box) -> float:
    """When a box without work may be cleaned: a put that began before the last end must have been completed."""
    return max(box.due, *(until - KEEP_SENT + ENDS_KEPT + CLEAN_BEFORE for until in box.ends.values()), 0.0)
