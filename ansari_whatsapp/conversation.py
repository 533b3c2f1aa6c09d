"""Find the answer to one message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ansari_whatsapp.backend import Answer, Backend, BackendError, BackendSilent, UnknownUser
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.endings import is_apology, is_preamble, sounds_broken, sounds_unfinished
from ansari_whatsapp.graph import Graph, GraphError, Reaction
from ansari_whatsapp.guard import LoopGuard
from ansari_whatsapp.inbox import Job, Profile
from ansari_whatsapp.language import detect
from ansari_whatsapp.markdown import LONGEST, to_whatsapp
from ansari_whatsapp.notices import Notice, Notices
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.short_hash import derive_key
from ansari_whatsapp.split import split_blocks
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.webhook import KNOWN, LONGEST_TEXT, Message

TYPING_AT_MOST = 300.0
TITLE_WORDS = 6
MOST_PARTS = 10
DEVELOPERS_MARK = "!d "
CLOCKS_APART = 5  # seconds by which our clock and the backend's may differ


class Unanswered(Exception):
    """No answer is available now. `notice` is for the user; `again` is true if a later try can help and is harmless."""

    def __init__(self, notice: Notice, cause: BackendError, *, again: bool | None = None) -> None:
        super().__init__(str(cause))
        self.notice = notice
        self.again = cause.again if again is None else again


class ThreadLookup(NamedTuple):
    """What a thread holds of a question: whether it is there, its whole answer, and how many turns the thread has.

    `asked` and `turns` are None if the thread could not be read.
    """

    asked: bool | None
    answer: Answer | None
    turns: int | None


UNREAD = ThreadLookup(None, None, None)
NOT_ASKED = ThreadLookup(False, None, 0)


class Reply(NamedTuple):
    """The messages to send, in order: none if no answer is due, None if the backend has to be asked.

    `profile` is what is to be remembered of the user.
    """

    parts: tuple[str, ...] | None
    profile: Profile


class Conversation:
    """Chooses the answer and asks the backend. It sends only "read" and "typing" to the user."""

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        graph: Graph,
        circuit: Circuit,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._graph = graph
        self._circuit = circuit
        self._clock = clock
        key = derive_key(settings.meta_app_secret.get_secret_value())
        self._notices = Notices(key)
        self._guard = LoopGuard(settings.user_messages_per_hour, key)

    def begin(self, job: Job) -> Reply:
        """Return the answer to a message that is not for the backend. The parts for a question are None."""
        message, profile = job.message, job.profile
        if message.text is not None:
            profile = replace(profile, language=detect(message.text))
            job = replace(job, profile=profile)
        silent = Reply((), profile)
        if message.text is None and message.kind not in KNOWN:
            return silent
        if self._settings.deployment_type == "staging" and (message.text or "").startswith(DEVELOPERS_MARK):
            return silent
        if self._too_old(message):
            return self.notice(job, Notice.TOO_OLD) if message.text is not None else silent
        if self._settings.whatsapp_under_maintenance:
            return self.notice(job, Notice.MAINTENANCE)
        if message.text is None:
            return self.notice(job, Notice.TEXT_ONLY)
        if not message.text.strip():
            return silent
        if len(message.text) > LONGEST_TEXT:
            return self.notice(job, Notice.TOO_LONG)
        passes, profile = self._guard.lets_through(message, profile)
        return Reply(None, profile) if passes else self.notice(replace(job, profile=profile), Notice.TOO_MANY)

    async def ask(self, job: Job, since: float | None = None) -> Reply:
        """Ask the backend. Raises Unanswered.

        `since` is when the backend may have been asked before, in unix seconds: an answer from then on is reused.
        """
        user, text = job.message.user, job.message.text or ""
        async with self._typing(job.message.wamid):
            thread = await self._thread(user, text)
            held = await self._held(user, thread, text, since) if since is not None else NOT_ASKED
            earlier = None if job.deaths else held.turns  # who had the lease may be alive, and asking at this moment
            answer = held.answer or await self._asked(user, thread, text, earlier)
            # Some markdown takes seconds to parse, and everybody else would wait for it.
            parts = await asyncio.to_thread(to_parts, answer, job.profile.language or "en")
        return Reply(parts, job.profile) if parts else self.notice(job, Notice.NO_ANSWER)

    async def _asked(self, user: str, thread: str, text: str, earlier: int | None) -> Answer:
        """Ask the backend. If the answer broke off or sounds unfinished, read the thread for the whole answer.

        The first `earlier` turns of the thread are of earlier questions, as that of a process that died a moment ago.
        If that is not known, a question without an answer may be another process's, and is asked again.
        """
        begin = self._clock()
        try:
            answer = await self._backend.process(user, thread, text)
        except BackendError as error:
            if error.again:
                raise Unanswered(Notice.NO_ANSWER, error) from None
            held = await self._held(user, thread, text, begin, earlier)
            if held.answer is None:
                # What the thread does not hold was not begun, and nothing is asked twice by asking again.
                begun = held.asked and earlier is not None
                again = not begun and not isinstance(error, BackendSilent)
                raise Unanswered(Notice.NO_ANSWER, error, again=again) from None
            return held.answer
        if answer.complete and not sounds_unfinished(answer.markdown):
            return answer
        if (held := await self._held(user, thread, text, begin, earlier)).answer is not None:
            return held.answer
        if is_preamble(answer.markdown):
            raise Unanswered(Notice.NO_ANSWER, BackendError("only a preamble came", again=False))
        return Answer(answer.markdown, complete=answer.complete and not sounds_broken(answer.markdown))

    async def _held(self, user: str, thread: str, text: str, since: float, earlier: int | None = None) -> ThreadLookup:
        """Read what the thread holds of this question, asked at `since` or later, behind the first `earlier` turns."""
        try:
            turns = await self._backend.history(user, thread)
        except BackendError:
            return UNREAD
        asked = max((n for n, turn in enumerate(turns) if turn.role == "user" and turn.text == text), default=-1)
        if asked < (earlier or 0) or (turns[asked].at or 0) < since - CLOCKS_APART:
            return ThreadLookup(False, None, len(turns))
        after = turns[asked + 1 :]
        said = [turn.text for turn in after if turn.role == "assistant" and turn.text and turn.text.strip()]
        whole = bool(after) and after[-1].role == "assistant" and after[-1].text is not None
        if not whole or not said or is_apology(said[-1]) or is_preamble(said[-1]):
            return ThreadLookup(True, None, len(turns))
        answer = Answer("\n\n".join(part.strip() for part in said), complete=True)
        return ThreadLookup(True, answer, len(turns))

    def notice(self, job: Job, notice: Notice) -> Reply:
        """Return the notice, unless the user has just received it."""
        due, profile = self._notices.due(job.message, notice, job.profile)
        return Reply((notice.text(profile.language or "en"),) if due else (), profile)

    def _too_old(self, message: Message) -> bool:
        if message.timestamp is None:
            return False
        return self._clock() - message.timestamp > self._settings.whatsapp_message_age_threshold_seconds

    async def _thread(self, user: str, text: str) -> str:
        """Return the thread to ask in; register the user first if needed."""
        try:
            if not await self._backend.exists(user):
                await self._backend.register(user, detect(text))
        except BackendError as error:
            raise Unanswered(Notice.NOT_REGISTERED, error) from None
        try:
            return await self._newest_or_new(user, text)
        except UnknownUser:
            pass
        except BackendError as error:
            raise Unanswered(Notice.NO_THREAD, error) from None
        try:  # known from the web or an app, and not yet as a user of WhatsApp
            await self._backend.register(user, detect(text))
            return await self._newest_or_new(user, text)
        except BackendError as error:
            raise Unanswered(Notice.NOT_REGISTERED, error) from None

    async def _newest_or_new(self, user: str, text: str) -> str:
        """Return the newest thread if it was used recently, else start one titled with the first words."""
        last = await self._backend.last_thread(user)
        kept = timedelta(hours=self._settings.whatsapp_chat_retention_hours)
        if last.thread_id is not None and last.used is not None:
            used = last.used if last.used.tzinfo else last.used.replace(tzinfo=UTC)
            if datetime.fromtimestamp(self._clock(), UTC) - used <= kept:
                return last.thread_id
        return await self._backend.new_thread(user, " ".join(text.split()[:TITLE_WORDS]))

    @asynccontextmanager
    async def _typing(self, wamid: str) -> AsyncIterator[None]:
        """Show "read" and "typing" now, and again before they expire. The answer never waits for it."""
        task = asyncio.create_task(self._keep_typing(wamid))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_typing(self, wamid: str) -> None:
        end = time.monotonic() + TYPING_AT_MOST
        while time.monotonic() < end:
            try:
                if not self._circuit.left:  # typing is the first to be left out
                    await self._graph.show_typing(wamid)
            except GraphError as error:
                log.debug("typing was not shown", extra={"code": error.code})
                if error.reaction is not Reaction.RETRY:
                    return
            await asyncio.sleep(self._settings.typing_seconds)


def to_parts(answer: Answer, language: str = "en") -> tuple[str, ...]:
    """Split an answer into messages, with a notice at the end if it is too long or broke off. None if it is blank."""
    blocks = to_whatsapp(answer.markdown)
    if blocks and not answer.complete:
        blocks.append(Notice.ENDED_EARLY.text(language))
    parts = split_blocks(blocks)
    if len(answer.markdown) > LONGEST or len(parts) > MOST_PARTS:
        return (*parts[: MOST_PARTS - 1], Notice.CUT_SHORT.text(language))
    return parts
