"""Open the inbox that INBOX_URL names. What DynamoDB needs is imported for a table only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ansari_whatsapp.inbox.base import Inbox, InboxUnavailable
from ansari_whatsapp.inbox.sqlite import SqliteInbox
from ansari_whatsapp.inbox_address import InFile, parse

POLLS_PER_LEASE: Final = 12  # at least, so that the end of a lease is noticed early in the time of the next


def inbox_at(url: str, key: str, capacity: int, commit_seconds: float = 10.0, lease_seconds: float = 60.0) -> Inbox:
    """Return the inbox, which is not open yet. `key` hashes phone numbers and wamids in a table.

    It is read for due jobs often enough to notice the end of a lease of `lease_seconds` soon.

    Raises InboxUnavailable for a table whose region is not known.
    """
    address = parse(url)
    if isinstance(address, InFile):
        file = SqliteInbox(Path(address.path), capacity, commit_seconds=commit_seconds)
        file.poll = min(file.poll, lease_seconds / POLLS_PER_LEASE)
        return file
    from ansari_whatsapp.inbox.dynamodb.client import Client  # noqa: PLC0415 -- botocore and aiohttp take 0.2 s
    from ansari_whatsapp.inbox.dynamodb.inbox import DynamoInbox  # noqa: PLC0415

    region = address.region_in(os.environ)
    if not region:
        raise InboxUnavailable("INBOX_URL and the environment name no AWS region")
    table = DynamoInbox(Client(region), address.table, key, capacity, commit_seconds=commit_seconds)
    table.poll = min(table.poll, lease_seconds / POLLS_PER_LEASE)
    return table
