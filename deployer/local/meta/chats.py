"""The users' phones: messages in both directions, ticks, typing, and when an answer is complete."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from deployer.local.meta.wamid import bsuid_of

USERS_AT_MOST = 5_000
MESSAGES_PER_CHAT = 500
MESSAGES_AT_MOST = 20_000  # of all chats; those at rest longest go first
TYPING_FOR = 25.0  # seconds: https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators
QUIET = 0.7  # seconds without a further part after which an answer counts as complete


@dataclass
class Message:
    """A message. `status`: pending, delivered, undelivered, read for the user's; sent … failed for the service's.

    `answers` is the user's message that a message of the service belongs to.
    """

    wamid: str
    sender: str  # "user" or "service"
    type: str
    text: str
    at: float
    status: str
    seq: int = 0
    context: str | None = None
    tag: str | None = None
    answers: str | None = None
    content: dict[str, Any] | None = None  # of types other than text
    errors: list[dict[str, Any]] = field(default_factory=list)
    revision: int = 0


class Chat:
    """One user's conversation. Every change increments `revision`, and wakes the waiting callers."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.name = "WhatsApp user"
        self.bsuid = bsuid_of(user)
        self.messages: OrderedDict[str, Message] = OrderedDict()
        self.revision = 0
        self.last_written = float("-inf")  # monotonic seconds: when the user last wrote
        self._seq = 0
        self._typing_until = 0.0
        self._quiet_at = 0.0
        self._last_asked: str | None = None
        self._typing_for: str | None = None  # the message that typing was shown for, until its answer comes
        self._changed = asyncio.Event()

    @property
    def typing(self) -> bool:
        return self._typing_until > time.monotonic()

    def add(self, message: Message) -> Message:
        """Show a message. A part of an answer ends the typing bubble and starts the quiet time."""
        self._seq += 1
        message.seq = self._seq
        self.messages[message.wamid] = message
        if len(self.messages) > MESSAGES_PER_CHAT:
            self.messages.popitem(last=False)
        if message.sender == "user":
            self._last_asked = message.wamid
            self.last_written = time.monotonic()
        else:
            message.answers = self._answered_by(message)
            self._typing_until = 0.0
            self._wake_in(QUIET)
            self._quiet_at = time.monotonic() + QUIET
        self.touch(message)
        return message

    def mark(self, message: Message, status: str, errors: list[dict[str, Any]] | None = None) -> None:
        message.status = status
        message.errors = errors or []
        self.touch(message)

    def read(self, wamid: str, *, typing: bool) -> None:
        """Mark this message and the user's earlier messages as read, and show typing if given."""
        last = self.messages[wamid].seq
        for message in self.messages.values():
            if message.sender == "user" and message.seq <= last and message.status != "read":
                self.mark(message, "read")
        if typing:
            self._typing_for = wamid
            self._typing_until = time.monotonic() + TYPING_FOR
            self._wake_in(TYPING_FOR)
            self.touch()

    def touch(self, message: Message | None = None) -> None:
        self.revision += 1
        if message is not None:
            message.revision = self.revision
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next change, or that many seconds."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._changed.wait()
        except TimeoutError:
            return

    def view(self, after: int = 0, to: str | None = None) -> dict[str, Any]:
        """Return what changed since revision `after`, and the state of the answer to a message (default: the last)."""
        asked = to or self._last_asked
        parts = [one for one in self.messages.values() if one.sender == "service" and one.answers == asked]
        return {
            "user": self.user,
            "name": self.name,
            "user_id": self.bsuid,
            "revision": self.revision,
            "typing": self.typing,
            "messages": [vars(one) for one in self.messages.values() if one.revision > after],
            "answer": {
                "to": asked,
                "parts": len(parts),
                "complete": bool(parts) and not self.typing and time.monotonic() >= self._quiet_at,
            },
        }

    def _answered_by(self, message: Message) -> str | None:
        """Return the quoted message; else that of an earlier part with the same tag after `part:`.

        Else that which typing was shown for, because its user may have written again meanwhile; else the last.
        """
        if message.context is not None:
            return message.context
        job = _job(message)
        for earlier in reversed(self.messages.values() if job else ()):
            if earlier is not message and earlier.sender == "service" and _job(earlier) == job:
                return earlier.answers
        shown, self._typing_for = self._typing_for, None
        return shown or self._last_asked

    def _wake_in(self, seconds: float) -> None:
        """Wake the waiting callers after that many seconds, when the view changes. Late is fine, early is not."""
        asyncio.get_running_loop().call_later(seconds + 0.02, self.touch)


def _job(message: Message) -> str:
    """Return what the tags of all parts of an answer have in common."""
    return (message.tag or "").partition(":")[2]


class Chats:
    """All conversations, found by phone number, by business-scoped id, or by the id of a message."""

    def __init__(self) -> None:
        self._chats: OrderedDict[str, Chat] = OrderedDict()
        self._by_bsuid: dict[str, Chat] = {}
        self._asked = 0

    def of(self, user: str) -> Chat:
        """Return the user's chat; create it if needed."""
        chat = self._chats.get(user)
        self._asked += 1
        if chat is None:
            chat = self._chats[user] = Chat(user)
            self._by_bsuid[chat.bsuid] = chat
            self._make_room()
        elif self._asked % 100 == 0:  # counting everything at each message would cost more than it saves
            self._make_room()
        self._chats.move_to_end(user)
        return chat

    def known(self, user: str) -> Chat | None:
        return self._chats.get(user)

    def of_bsuid(self, bsuid: str) -> Chat | None:
        return self._by_bsuid.get(bsuid)

    def holding(self, wamid: str) -> Chat | None:
        """Return the chat with this message of the user."""
        for chat in reversed(self._chats.values()):
            message = chat.messages.get(wamid)
            if message is not None and message.sender == "user":
                return chat
        return None

    def listing(self) -> list[dict[str, Any]]:
        return [
            {"user": chat.user, "name": chat.name, "messages": len(chat.messages), "revision": chat.revision}
            for chat in reversed(self._chats.values())
        ]

    def _make_room(self) -> None:
        while len(self._chats) > 1 and (
            len(self._chats) > USERS_AT_MOST
            or sum(len(chat.messages) for chat in self._chats.values()) > MESSAGES_AT_MOST
        ):
            _, gone = self._chats.popitem(last=False)
            self._by_bsuid.pop(gone.bsuid, None)
