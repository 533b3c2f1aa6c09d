"""An inbox in a SQLite file, for one instance and the processes on its disk."""

from ansari_whatsapp.inbox.sqlite.inbox import SqliteInbox

__all__ = ["SqliteInbox"]
