"""The client of ansari-backend: users, threads, and the streamed answer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from ansari_whatsapp.settings import Settings, is_tls

LONGEST_ANSWER = 200_000  # characters
OBJECT_ID = re.compile(r"[0-9a-f]{24}")
THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Its database fails as a 400, and a key or a limit is mended sooner or later; what it was sent was not begun.
REFUSED = frozenset({400, 401, 403, 429})

BACKEND_UNREACHABLE: Final = "backend_unreachable"  # as /ready reports it
BACKEND_KEY: Final = "backend_key"
CHECK_SECONDS: Final = 3.0
UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class BackendError(Exception):
    """A request to the backend failed. `again` is true if repeating it can help and is harmless."""

    def __init__(self, what: str, *, again: bool) -> None:
        super().__init__(what)
        self.again = again


class UnknownUser(BackendError):
    """The backend returned 404: `exists` finds users of every channel, the other routes those of WhatsApp only."""


class BackendSilent(BackendError):
    """The backend accepted the question and sent nothing in time; it may still be working on it."""


@dataclass(frozen=True)
class Answer:
    """An answer in markdown; `complete` is False when the stream broke off."""

    markdown: str
    complete: bool


@dataclass(frozen=True)
class LastThread:
    """The user's newest thread and when it was last used; both None if the user has no thread."""

    thread_id: str | None
    used: datetime | None


@dataclass(frozen=True)
class Turn:
    """One turn of a thread. `text` is None for tool calls and their results. `at` is unix seconds, None if unknown."""

    role: str
    text: str | None
    at: int | None


class Backend:
    """A client with a connection pool. Every method raises BackendError, never errors of httpx."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            base_url=settings.backend_server_url,
            headers={"X-Whatsapp-Api-Key": settings.whatsapp_service_api_key.get_secret_value()},
            timeout=httpx.Timeout(settings.backend_lookup_seconds, connect=settings.backend_connect_seconds),
            limits=httpx.Limits(max_connections=1000, max_keepalive_connections=100),
            follow_redirects=False,
            verify=is_tls(settings.backend_server_url),
        )
        self._key_refused = False

    @property
    def refused(self) -> str:
        """Return BACKEND_KEY if the last call was refused because of the API key, else ""."""
        return BACKEND_KEY if self._key_refused else ""

    async def check(self) -> str:
        """Return BACKEND_UNREACHABLE if the backend does not answer or answers with a server error, else ""."""
        try:
            answer = await self._http.get("/", timeout=CHECK_SECONDS)
        except httpx.HTTPError:
            return BACKEND_UNREACHABLE
        return BACKEND_UNREACHABLE if answer.status_code >= 500 else ""

    async def aclose(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    async def exists(self, user: str) -> bool:
        """Return whether the backend knows the user."""
        answer = await self._ask("GET", "/whatsapp/v2/users/exists", params={"phone_num": user})
        return answer.get("exists") is True

    async def register(self, user: str, language: str) -> None:
        """Register the user. A failure of the backend's database, which comes with status 200, raises too."""
        body = {"phone_num": user, "preferred_language": language}
        answer = await self._ask("POST", "/whatsapp/v2/users/register", json=body)
        made = answer.get("user_id")
        if answer.get("status") != "success" or (isinstance(made, dict) and made.get("status") != "success"):
            raise BackendError("registration failed", again=True)

    async def last_thread(self, user: str) -> LastThread:
        """Return the user's newest thread. Raises UnknownUser."""
        answer = await self._ask("GET", "/whatsapp/v2/threads/last", params={"phone_num": user})
        thread, used = answer.get("thread_id"), answer.get("last_message_time")
        try:
            when = datetime.fromisoformat(used) if isinstance(used, str) else None
        except ValueError:
            when = None
        return LastThread(thread if _usable(thread) else None, when)

    async def new_thread(self, user: str, title: str) -> str:
        """Start a thread and return its id. A failure of the backend's database, the id "None", raises."""
        answer = await self._ask("POST", "/whatsapp/v2/threads", json={"phone_num": user, "title": title})
        thread = answer.get("thread_id")
        if not _usable(thread):
            raise BackendError("no thread was created", again=True)
        return str(thread)

    async def history(self, user: str, thread_id: str) -> list[Turn]:
        """Return every turn of a thread, oldest first."""
        answer = await self._ask("GET", f"/whatsapp/v2/threads/{thread_id}/history", params={"phone_num": user})
        turns = answer.get("messages")
        return [_turn(each) for each in turns if isinstance(each, dict)] if isinstance(turns, list) else []

    async def process(self, user: str, thread_id: str, text: str) -> Answer:
        """Ask a question in a thread and return the answer.

        Every call adds a turn to the thread, so a question that the backend has received is not asked again. An answer
        that breaks off is returned as far as it came. An empty answer raises BackendError: the backend's own failures
        come with status 200 and without a body.
        """
        body = {"phone_num": user, "thread_id": thread_id, "message": text}
        chunks: list[str] = []
        broken: BackendError | None = None
        try:
            async with asyncio.timeout(self._settings.backend_answer_seconds):
                await self._stream(body, chunks)
        except UNREACHED as error:
            raise BackendError(f"processing: {type(error).__name__}", again=True) from None
        except (TimeoutError, httpx.TimeoutException) as error:
            broken = BackendSilent(f"processing: {type(error).__name__}", again=False)
        except httpx.HTTPError as error:
            broken = BackendError(f"processing broke off: {type(error).__name__}", again=False)
        markdown = "".join(chunks)
        if not markdown.strip():
            raise broken or BackendError("the answer is empty", again=False)
        return Answer(markdown, complete=broken is None)

    async def _stream(self, body: dict[str, str], chunks: list[str]) -> None:
        """Append the chunks of the answer to `chunks` as they arrive."""
        clocks = self._settings
        timeout = httpx.Timeout(clocks.backend_idle_seconds, connect=clocks.backend_connect_seconds)
        request = self._http.build_request("POST", "/whatsapp/v2/messages/process", json=body, timeout=timeout)
        async with asyncio.timeout(clocks.backend_first_byte_seconds):
            answer = await self._http.send(request, stream=True)
        self._key_refused = answer.status_code in {401, 403}
        try:
            if answer.status_code != 200:
                raise BackendError(f"processing answered {answer.status_code}", again=answer.status_code in REFUSED)
            answer.encoding = "utf-8"  # the backend names none
            length = 0
            async for chunk in answer.aiter_text():
                chunks.append(chunk)
                length += len(chunk)
                if length > LONGEST_ANSWER:
                    return
        finally:
            await answer.aclose()

    async def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise BackendError(f"{path}: {type(error).__name__}", again=True) from None
        self._key_refused = answer.status_code in {401, 403}
        if answer.status_code == 404:
            raise UnknownUser(f"{path} answered 404", again=False)
        if answer.status_code != 200:
            again = answer.status_code >= 500 or answer.status_code in REFUSED
            raise BackendError(f"{path} answered {answer.status_code}", again=again)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise BackendError(f"{path} answered no JSON object", again=True)
        return document


def _turn(message: dict[str, Any]) -> Turn:
    """Parse a turn. The first eight hex digits of its ObjectId are the time of its creation."""
    name, text = message.get("id"), message.get("content")
    at = int(name[:8], 16) if isinstance(name, str) and OBJECT_ID.fullmatch(name) else None
    return Turn(str(message.get("role")), text if isinstance(text, str) else None, at)


def _usable(thread: object) -> bool:
    """Return whether the id can be used in a URL. The backend sends the text "None" when it has no id."""
    return isinstance(thread, str) and thread != "None" and THREAD_ID.fullmatch(thread) is not None
