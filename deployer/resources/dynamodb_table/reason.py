"""Why the table of the inbox is kept, or not ready, when its environment is destroyed."""

from __future__ import annotations

from msgspec import Struct


class OtherTable(Struct, frozen=True):
    """The table has other keys or indexes than the service uses."""


class MessagesWait(Struct, frozen=True):
    """Messages of this many users wait for an answer."""

    users: int
