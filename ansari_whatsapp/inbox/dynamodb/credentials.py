"""AWS credentials by botocore's own chain, such as those of an instance's role, refreshed before they end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from ansari_whatsapp.inbox.base import InboxUnavailable
from ansari_whatsapp.telemetry import log

REFRESH_EVERY: Final = 60.0  # seconds; botocore asks for new credentials 15 minutes before they end


class Credentials:
    """The present credentials. botocore asks for them over the network, so it does that in a thread."""

    def __init__(self, session: Session | None = None, refresh_every: float = REFRESH_EVERY) -> None:
        self._given = session
        self._refresh_every = refresh_every
        self._session = session or Session()
        self._frozen: ReadOnlyCredentials | None = None
        self._task: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def get(self) -> ReadOnlyCredentials:
        """Return credentials that are valid now. Raises InboxUnavailable when there are none."""
        if self._frozen is None:
            async with self._one_at_a_time:
                if self._frozen is None:
                    await self._refresh()
                    self._task = asyncio.create_task(self._keep_fresh())
        assert self._frozen is not None
        return self._frozen

    async def renew(self, refused: ReadOnlyCredentials) -> None:
        """Ask for credentials again after AWS refused these; once for all calls that were signed with them."""
        async with self._one_at_a_time:
            if self._frozen == refused:
                self._session = self._given or Session()
                await self._refresh()

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._refresh_every)
            with suppress(InboxUnavailable):  # those at hand may still be valid
                await self._refresh()

    async def _refresh(self) -> None:
        try:
            self._frozen = await asyncio.to_thread(self._read)
        except BotoCoreError as error:
            log.error("no AWS credentials", extra={"cause": type(error).__name__})
            raise InboxUnavailable(f"no AWS credentials: {type(error).__name__}") from None

    def _read(self) -> ReadOnlyCredentials:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise InboxUnavailable("no AWS credentials: the instance has no role, and the environment names none")
        return credentials.get_frozen_credentials()
