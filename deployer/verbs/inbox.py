"""`deployer inbox ENV`: count the messages that wait for an answer, and those that were given up."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict

from deployer.environment.inbox import open_inbox
from deployer.view.documents.inbox import InboxDocument
from deployer.view.progress import Reporter


class InboxOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def count_messages(options: InboxOptions, report: Reporter) -> InboxDocument:
    """Read the inbox. Raises Blocked when it cannot be reached, and DeployerError when it cannot be read."""
    inbox = open_inbox(options.environment, report)
    return InboxDocument(environment=inbox.name, **asdict(inbox.access.count()))
