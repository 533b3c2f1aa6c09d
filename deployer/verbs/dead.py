"""`deployer dead ENV`: list the messages that were given up, without their texts."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from deployer.environment.inbox import open_inbox
from deployer.errors import UsageError
from deployer.view.documents.inbox import DeadDocument
from deployer.view.progress import Reporter

LIMIT: Final = 100  # dead letters


class DeadOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `limit` how many dead letters are listed at most."""

    environment: str
    limit: int = LIMIT


def list_dead_letters(options: DeadOptions, report: Reporter) -> DeadDocument:
    """List the dead letters, newest first. Raises UsageError for a limit below 1, and Blocked without an inbox."""
    if options.limit < 1:
        raise UsageError(f"--limit {options.limit} is not a number of dead letters", fix="give 1 or more")
    inbox = open_inbox(options.environment, report)
    letters = inbox.access.list_dead(options.limit).newest(options.limit)
    return DeadDocument(environment=inbox.name, **asdict(letters))
