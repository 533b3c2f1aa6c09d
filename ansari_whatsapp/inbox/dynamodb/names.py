"""The names of items. Phone numbers and wamids are hashed with a key: a wamid holds the phone number.

The key must never change: the memory of answered messages would be lost with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from typing import Final

LANES: Final = 4  # partitions of the index that boxes are spread over; each takes 1,000 writes a second
DEAD: Final = "dead"  # the lane of dead letters
BIN: Final = "bin"  # the lane of changes that came before their message
BOX: Final = "box"  # the sort key of a user's box


class Names:
    """Makes names with one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def user(self, user: str) -> str:
        return self._hash("u" + user)

    def message(self, wamid: str) -> str:
        return self._hash("m" + wamid)

    def _hash(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode(), hashlib.sha256)[:15]
        return base64.urlsafe_b64encode(digest).decode()


def partition(user: str) -> str:
    """The partition key of a user's items, by the hashed user."""
    return f"U#{user}"


def marker(message: str) -> str:
    """The sort key of the marker of a message, by the hashed wamid."""
    return f"m#{message}"


def waits(message: str) -> str:
    """The attribute of a box that holds a waiting message."""
    return f"t_{message}"


def ended(message: str) -> str:
    """The attribute of a box that holds a message that ended a moment ago."""
    return f"l_{message}"


def lane(user: str) -> str:
    """The lane of a user's box."""
    return f"w{zlib.crc32(user.encode()) % LANES}"


def lanes() -> tuple[str, ...]:
    return tuple(f"w{number}" for number in range(LANES))
