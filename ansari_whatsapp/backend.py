"""ansari-backend: users, threads, and the streamed answer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from ansari_whatsapp.settings import Settings

CONNECT, FIRST_BYTE, BETWEEN_CHUNKS = 5.0, 30.0, 75.0  # seconds
WHOLE_ANSWER = 115.0  # seconds; App Runner ends a request of the backend's after 120
LONGEST_ANSWER = 200_000  # characters
THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BackendError(Exception):
    """The backend did not do what was asked. `again` says whether asking again can help and does no harm."""

    def __init__(self, what: str, *, again: bool) -> None:
        super().__init__(what)
        self.again = again


@dataclass(frozen=True)
class LastThread:
    """The user's newest thread and when it was used last; both None when there is none."""

    thread_id: str | None
    used: datetime | None


class Backend:
    """One pooled client. Every method raises BackendError, never httpx's own errors."""

    def __init__(self, settings: Settings) -> None:
        self._http = httpx.AsyncClient(
            base_url=settings.backend_server_url,
            headers={"X-Whatsapp-Api-Key": settings.whatsapp_service_api_key.get_secret_value()},
            timeout=httpx.Timeout(FIRST_BYTE, connect=CONNECT, read=BETWEEN_CHUNKS),
            limits=httpx.Limits(max_connections=1000, max_keepalive_connections=100),
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    async def exists(self, user: str) -> bool:
        """Whether the backend knows the user."""
        answer = await self._ask("GET", "/whatsapp/v2/users/exists", params={"phone_num": user})
        return answer.get("exists") is True

    async def register(self, user: str, language: str) -> None:
        """Make the user known. A failure of the backend's database comes as a 200 and is recognised."""
        body = {"phone_num": user, "preferred_language": language}
        answer = await self._ask("POST", "/whatsapp/v2/users/register", json=body)
        made = answer.get("user_id")
        if answer.get("status") != "success" or (isinstance(made, dict) and made.get("status") != "success"):
            raise BackendError("registration failed", again=True)

    async def last_thread(self, user: str) -> LastThread:
        """The newest thread of the user."""
        answer = await self._ask("GET", "/whatsapp/v2/threads/last", params={"phone_num": user})
        thread, used = answer.get("thread_id"), answer.get("last_message_time")
        try:
            when = datetime.fromisoformat(used) if isinstance(used, str) else None
        except ValueError:
            when = None
        return LastThread(thread if _usable(thread) else None, when)

    async def new_thread(self, user: str, title: str) -> str:
        """Start a thread. The backend's database failing comes as the id "None"."""
        answer = await self._ask("POST", "/whatsapp/v2/threads", json={"phone_num": user, "title": title})
        thread = answer.get("thread_id")
        if not _usable(thread):
            raise BackendError("no thread was made", again=True)
        return str(thread)

    async def process(self, user: str, thread_id: str, text: str) -> str:
        """The whole answer, in markdown. It is never asked for twice: every call adds a turn to the thread.

        An answer that breaks off is returned as far as it came; an empty one raises BackendError.
        """
        body = {"phone_num": user, "thread_id": thread_id, "message": text}
        chunks: list[str] = []
        try:
            async with asyncio.timeout(WHOLE_ANSWER):
                async with self._http.stream("POST", "/whatsapp/v2/messages/process", json=body) as answer:
                    if answer.status_code != 200:
                        raise BackendError(f"processing answered {answer.status_code}", again=False)
                    answer.encoding = "utf-8"  # the backend names none
                    length = 0
                    async for chunk in answer.aiter_text():
                        chunks.append(chunk)
                        length += len(chunk)
                        if length > LONGEST_ANSWER:
                            break
        except (httpx.HTTPError, TimeoutError) as error:
            if not "".join(chunks).strip():
                raise BackendError(f"processing broke off: {type(error).__name__}", again=False) from None
        text = "".join(chunks)
        if not text.strip():
            raise BackendError("the answer is empty", again=False)
        return text

    async def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise BackendError(f"{path}: {type(error).__name__}", again=True) from None
        if answer.status_code != 200:
            raise BackendError(f"{path} answered {answer.status_code}", again=answer.status_code >= 500)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise BackendError(f"{path} answered no JSON object", again=True)
        return found


def _usable(thread: object) -> bool:
    """An id we may put into a URL; "None" is how the backend says that it has none."""
    return isinstance(thread, str) and thread != "None" and THREAD_ID.fullmatch(thread) is not None
