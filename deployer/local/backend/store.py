"""Users, threads and messages of the local backend, in memory and bounded."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

USERS_AT_MOST = 20_000
THREADS_AT_MOST = 20_000
TURNS_AT_MOST = 2_000  # of one thread
CHARACTERS_AT_MOST = 50_000_000  # of all messages together; the threads at rest longest go first


class ObjectIds:
    """MongoDB's ids: 4 bytes of unix seconds, 5 random bytes, a counter of 3 bytes, as 24 hex digits.

    https://www.mongodb.com/docs/manual/reference/bson-types/#objectid
    """

    def __init__(self) -> None:
        self._process = secrets.token_hex(5)
        self._counter = itertools.count(secrets.randbelow(1 << 23))

    def new(self) -> str:
        return f"{int(time.time()) & 0xFFFFFFFF:08x}{self._process}{next(self._counter) & 0xFFFFFF:06x}"


@dataclass
class User:
    phone_num: str
    preferred_language: str
    registered: int = 1  # how often: the backend does not refuse a second time


@dataclass(frozen=True)
class Message:
    """A turn. `content` is a list for a turn of tool calls only."""

    id: str
    role: str
    content: str | list[dict[str, Any]]

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, str) else len(str(self.content))


@dataclass
class Thread:
    id: str
    phone_num: str
    title: str
    updated_at: datetime
    messages: list[Message] = field(default_factory=list)
    processed: Counter[str] = field(default_factory=Counter)  # question -> how often its processing began
    answered: Counter[str] = field(default_factory=Counter)  # question -> how often its answer went out whole


class Store:
    """The data that the real backend stores in MongoDB."""

    def __init__(self, characters_at_most: int = CHARACTERS_AT_MOST) -> None:
        self._ids = ObjectIds()
        self._characters_at_most = characters_at_most
        self._characters = 0
        self._users: OrderedDict[str, User] = OrderedDict()
        self._threads: OrderedDict[str, Thread] = OrderedDict()  # the one at rest longest first
        self._last: dict[str, Thread] = {}  # by phone number: the thread touched last

    def register(self, phone_num: str, preferred_language: str) -> None:
        user = self._users.get(phone_num)
        if user is not None:
            user.registered += 1
            return
        self._users[phone_num] = User(phone_num, preferred_language)
        if len(self._users) > USERS_AT_MOST:
            self._users.popitem(last=False)

    def has_user(self, phone_num: str) -> bool:
        return phone_num in self._users

    def new_thread(self, phone_num: str, title: str) -> Thread:
        thread = Thread(self._ids.new(), phone_num, title, datetime.now(UTC))
        self._threads[thread.id] = self._last[phone_num] = thread
        self._characters += len(title)
        self._make_room()
        return thread

    def thread(self, thread_id: str, phone_num: str) -> Thread | None:
        """Return the thread if it belongs to that user."""
        thread = self._threads.get(thread_id)
        return thread if thread is not None and thread.phone_num == phone_num else None

    def last_thread(self, phone_num: str) -> Thread | None:
        """Return the user's most recently used thread."""
        return self._last.get(phone_num)

    def add(self, thread: Thread, role: str, content: str | list[dict[str, Any]]) -> None:
        """Put a turn at the end of a thread."""
        if thread.id not in self._threads:
            return  # it made room for others while its answer was written
        message = Message(self._ids.new(), role, content)
        thread.messages.append(message)
        thread.updated_at = datetime.now(UTC)
        self._threads.move_to_end(thread.id)
        self._last[thread.phone_num] = thread
        self._characters += message.size
        if len(thread.messages) > TURNS_AT_MOST:
            self._characters -= thread.messages.pop(0).size
        self._make_room()

    def processing(self, thread: Thread, question: str) -> None:
        """Store the user's turn as soon as processing begins: every retry adds another turn."""
        thread.processed[question] += 1
        if len(thread.processed) > TURNS_AT_MOST:
            del thread.processed[next(iter(thread.processed))]
        self.add(thread, "user", question)

    def record(self) -> dict[str, Any]:
        """Return, per thread, how often each question was processed, and the users that were registered twice."""
        return {
            "users": {phone: vars(user) for phone, user in self._users.items()},
            "duplicate_users": [phone for phone, user in self._users.items() if user.registered > 1],
            "threads": {
                thread.id: {
                    "phone_num": thread.phone_num,
                    "title": thread.title,
                    "messages": [
                        {"message": text, "count": count, "answered": thread.answered[text]}
                        for text, count in thread.processed.items()
                    ],
                }
                for thread in self._threads.values()
            },
        }

    def _make_room(self) -> None:
        while len(self._threads) > 1 and (
            self._characters > self._characters_at_most or len(self._threads) > THREADS_AT_MOST
        ):
            _, gone = self._threads.popitem(last=False)
            self._characters -= len(gone.title) + sum(message.size for message in gone.messages)
            if self._last.get(gone.phone_num) is gone:
                del self._last[gone.phone_num]
