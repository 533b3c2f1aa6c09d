"""The inbox: accepted messages wait here for their answer."""

from ansari_whatsapp.inbox.base import (
    AGAIN,
    Backlog,
    Changed,
    DeadLetter,
    Inbox,
    InboxFull,
    InboxUnavailable,
    Job,
    LeaseLost,
    Profile,
    PutResult,
    SeenMessage,
    SentNotice,
    Stage,
    State,
    Turn,
)
from ansari_whatsapp.inbox.memory import MemoryInbox
from ansari_whatsapp.inbox.sqlite import SqliteInbox
from ansari_whatsapp.inbox.tag import Tag

__all__ = [
    "AGAIN",
    "Backlog",
    "Changed",
    "DeadLetter",
    "Inbox",
    "InboxFull",
    "InboxUnavailable",
    "Job",
    "LeaseLost",
    "MemoryInbox",
    "Profile",
    "PutResult",
    "SeenMessage",
    "SentNotice",
    "SqliteInbox",
    "Stage",
    "State",
    "Tag",
    "Turn",
]
