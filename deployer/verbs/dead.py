"""`deployer dead ENV`: list the messages that were given up, without their texts."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict

from deployer.environment.inbox import open_inbox
from deployer.view.documents.inbox import DeadDocument
from deployer.view.progress import Reporter


class DeadOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def list_dead_letters(options: DeadOptions, report: Reporter) -> DeadDocument:
    """List the dead letters, oldest first. Raises Blocked when the inbox cannot be reached."""
    inbox = open_inbox(options.environment, report)
    return DeadDocument(environment=inbox.name, **asdict(inbox.access.list_dead()))
