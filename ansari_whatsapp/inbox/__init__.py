"""The inbox: accepted messages wait here for their answer."""

from ansari_whatsapp.inbox.base import AGAIN, DeadLetter, Inbox, InboxFull, InboxUnavailable, Job, State
from ansari_whatsapp.inbox.memory import MemoryInbox
from ansari_whatsapp.inbox.sqlite import SqliteInbox

__all__ = [
    "AGAIN",
    "DeadLetter",
    "Inbox",
    "InboxFull",
    "InboxUnavailable",
    "Job",
    "MemoryInbox",
    "SqliteInbox",
    "State",
]
