"""Waits that end early when the server stops, so that they do not delay it."""

from __future__ import annotations

import asyncio

from aiohttp import web


class Ending:
    """The stop of a server: every wait of its handlers goes through `pause`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._event.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait that long, or until the server ends."""
        if seconds <= 0 or self.begun:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return

    async def begin(self, _: web.Application) -> None:
        """End all waits. For `Application.on_shutdown`, which runs before the server waits for its handlers."""
        self._event.set()
