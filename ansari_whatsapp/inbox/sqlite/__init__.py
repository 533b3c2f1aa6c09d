"""An inbox in a SQLite file, for one instance."""

from ansari_whatsapp.inbox.sqlite.inbox import SqliteInbox

__all__ = ["SqliteInbox"]
