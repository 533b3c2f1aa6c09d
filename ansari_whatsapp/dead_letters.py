"""Dead letters, the messages that were given up: list them without their texts, and replay them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from ansari_whatsapp.inbox import InboxUnavailable, SqliteInbox

WITHOUT_LIMIT = 2**31  # what was dead is few, and somebody has decided to answer it

T = TypeVar("T")


def listed(path: str) -> list[str]:
    """Return one line per dead letter: when it was given up, its kind and its wamid.

    Raises OSError if the inbox cannot be used.
    """

    async def read(inbox: SqliteInbox) -> list[str]:
        letters = await inbox.dead()
        return [
            f"{datetime.fromtimestamp(letter.died, UTC):%Y-%m-%dT%H:%M:%SZ}  {letter.message.kind:12}  "
            f"{letter.message.wamid}"
            for letter in letters
        ] or ["there is no dead letter"]

    return asyncio.run(_with(path, read))


def replayed(path: str, wamids: Sequence[str] | None) -> tuple[int, list[str]]:
    """Put these dead letters, or all, back into the inbox. Returns how many were, and which wamids are unknown.

    A running service answers them by itself.
    """

    async def put_back(inbox: SqliteInbox) -> tuple[int, list[str]]:
        chosen = [letter.message.wamid for letter in await inbox.dead()] if wamids is None else wamids
        unknown = [wamid for wamid in chosen if not await inbox.replay(wamid)]
        return len(chosen) - len(unknown), unknown

    return asyncio.run(_with(path, put_back))


async def _with(path: str, work: Callable[[SqliteInbox], Awaitable[T]]) -> T:
    if not Path(path).is_file():  # noqa: ASYNC240 -- nothing else runs
        raise InboxUnavailable("there is no such file")
    inbox = SqliteInbox(Path(path), capacity=WITHOUT_LIMIT)
    await inbox.open()
    try:
        return await work(inbox)
    finally:
        await inbox.aclose()
