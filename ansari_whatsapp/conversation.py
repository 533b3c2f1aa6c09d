"""What to answer one message with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from ansari_whatsapp.backend import Backend, BackendError
from ansari_whatsapp.graph import Graph, GraphError
from ansari_whatsapp.language import detect
from ansari_whatsapp.markdown import to_whatsapp
from ansari_whatsapp.notices import Notice, Notices
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.split import split
from ansari_whatsapp.telemetry import log, who
from ansari_whatsapp.webhook import KNOWN, Message

TYPING_EVERY = 20.0  # seconds; the indicator goes out after 25
TYPING_AT_MOST = 300.0
TITLE_WORDS = 6
MOST_PARTS = 10
DEVELOPERS_MARK = "!d "


class Conversation:
    """Decides, and asks the backend. It sends nothing but "read" and "typing"."""

    def __init__(
        self, settings: Settings, backend: Backend, graph: Graph, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._graph = graph
        self._clock = clock
        self._notices = Notices()

    async def answer(self, message: Message) -> tuple[str, ...]:
        """The messages to send, in order; none when there is nothing to say.

        Raises BackendError with `again` when nothing was asked of the model yet and asking later can help.
        """
        if message.text is None:
            return self._notice(message, Notice.TEXT_ONLY) if message.kind in KNOWN else ()
        if self._settings.deployment_type == "staging" and message.text.startswith(DEVELOPERS_MARK):
            return ()
        if self._settings.whatsapp_under_maintenance:
            return self._notice(message, Notice.MAINTENANCE)
        if self._too_old(message):
            return self._notice(message, Notice.TOO_OLD)
        if not message.text.strip():
            return ()
        async with self._typing(message.wamid):
            await self._register(message)
            thread = await self._thread(message)
            try:
                markdown = await self._backend.process(message.user, thread, _clean(message.text))
            except BackendError as error:
                log.warning("no answer", extra={"user": who(message.user), "cause": str(error)})
                return self._notice(message, Notice.NO_ANSWER)
        parts = split(to_whatsapp(markdown))[:MOST_PARTS]
        return parts or self._notice(message, Notice.NO_ANSWER)

    def apology(self, message: Message) -> tuple[str, ...]:
        """What to say when a message could not be worked on at all, after the last try."""
        return self._notice(message, Notice.NOT_REGISTERED) if message.text is not None else ()

    async def _register(self, message: Message) -> None:
        if not await self._backend.exists(message.user):
            await self._backend.register(message.user, detect(message.text or ""))

    async def _thread(self, message: Message) -> str:
        """The newest thread if it was used lately, else a new one titled with the first words."""
        last = await self._backend.last_thread(message.user)
        kept = timedelta(hours=self._settings.whatsapp_chat_retention_hours)
        if last.thread_id is not None and last.used is not None:
            used = last.used if last.used.tzinfo else last.used.replace(tzinfo=UTC)
            if datetime.fromtimestamp(self._clock(), UTC) - used <= kept:
                return last.thread_id
        title = " ".join(_clean(message.text or "").split()[:TITLE_WORDS])
        return await self._backend.new_thread(message.user, title)

    def _too_old(self, message: Message) -> bool:
        if message.timestamp is None:
            return False
        return self._clock() - message.timestamp > self._settings.whatsapp_message_age_threshold_seconds

    def _notice(self, message: Message, notice: Notice) -> tuple[str, ...]:
        return (notice.value,) if self._notices.due(message.user, notice) else ()

    @asynccontextmanager
    async def _typing(self, wamid: str) -> AsyncIterator[None]:
        """Show "read" and "typing" at once and again before it goes out; never hold up the answer for it."""
        task = asyncio.create_task(self._keep_typing(wamid))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep_typing(self, wamid: str) -> None:
        end = time.monotonic() + TYPING_AT_MOST
        while time.monotonic() < end:
            try:
                await self._graph.show_typing(wamid)
            except GraphError as error:
                log.debug("typing was not shown", extra={"code": error.code})
                return
            await asyncio.sleep(TYPING_EVERY)


def _clean(text: str) -> str:
    """Without lone surrogates, which no JSON encoder takes."""
    return text.encode("utf-8", "replace").decode()
