"""Where accepted messages wait for their answer."""

from ansari_whatsapp.inbox.base import Inbox, InboxFull, Job, State
from ansari_whatsapp.inbox.memory import MemoryInbox

__all__ = ["Inbox", "InboxFull", "Job", "MemoryInbox", "State"]
