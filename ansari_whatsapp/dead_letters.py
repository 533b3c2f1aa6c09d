"""Dead letters, the messages that were given up: list them without their texts, and replay them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.inbox.choose import inbox_at
from ansari_whatsapp.inbox_address import InFile, parse

WITHOUT_LIMIT = 2**31  # what was dead is few, and somebody has decided to answer it

T = TypeVar("T")


def listed(url: str, key: str) -> list[str]:
    """Return one line per dead letter: when it was given up, its kind and its id.

    Raises OSError if the inbox cannot be used.
    """

    async def read(inbox: Inbox) -> list[str]:
        letters = await inbox.dead()
        return [
            f"{datetime.fromtimestamp(letter.died, UTC):%Y-%m-%dT%H:%M:%SZ}  {letter.message.kind:12}  {letter.id}"
            for letter in letters
        ] or ["there is no dead letter"]

    return asyncio.run(_with(url, key, read))


def replayed(url: str, key: str, ids: Sequence[str] | None) -> tuple[int, list[str]]:
    """Put these dead letters, or all, back into the inbox. Returns how many were, and which ids are unknown.

    A running service answers them by itself.
    """

    async def put_back(inbox: Inbox) -> tuple[int, list[str]]:
        chosen = [letter.id for letter in await inbox.dead()] if ids is None else ids
        unknown = [each for each in chosen if not await inbox.replay(each)]
        return len(chosen) - len(unknown), unknown

    return asyncio.run(_with(url, key, put_back))


async def _with(url: str, key: str, work: Callable[[Inbox], Awaitable[T]]) -> T:
    address = parse(url)
    if isinstance(address, InFile) and not Path(address.path).is_file():  # noqa: ASYNC240 -- nothing else runs
        raise InboxUnavailable("there is no such file")
    inbox = inbox_at(url, key, WITHOUT_LIMIT)
    await inbox.open()
    try:
        return await work(inbox)
    finally:
        await inbox.aclose()
