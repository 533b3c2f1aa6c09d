"""The local ansari-backend: the six routes that the service uses, and their faults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from deployer.core.secret import SecretValue
from deployer.local.backend.answers import Answer, answer_to
from deployer.local.backend.checks import Refusal, body_texts, check, query_phone, read_body
from deployer.local.backend.store import Store, Thread
from deployer.local.backend.streaming import AnswerEnd, drop_content_type, stream
from deployer.local.backend.switches import SWITCHES
from deployer.local.ending import Ending
from deployer.local.faults import Faults, fault_routes
from deployer.local.loopback import control_only, loopback_only
from deployer.local.wire import DroppedConnection, reset

BODY_AT_MOST = 1 << 20  # bytes
APOLOGY = "I am sorry, something went wrong. Please try again."


def create_backend(api_key: str, *, control: str, pace: float = 0.0) -> web.Application:
    """Create an ansari-backend that accepts `api_key`, and `control` as the token of its control routes.

    `pace` is the pause between two words of an answer, in seconds.
    """
    backend = Backend(SecretValue(api_key), pace)
    app = web.Application(middlewares=[loopback_only, control_only(control), _details], client_max_size=BODY_AT_MOST)
    app.on_response_prepare.append(drop_content_type)
    app.on_shutdown.append(backend.ending.begin)
    base = "/whatsapp/v2"
    app.add_routes(
        [
            web.get("/", backend.health),
            web.post(f"{base}/users/register", backend.register),
            web.get(f"{base}/users/exists", backend.exists),
            web.post(f"{base}/threads", backend.new_thread),
            web.get(f"{base}/threads/last", backend.last_thread),
            web.get(f"{base}/threads/{{thread_id}}/history", backend.history),
            web.post(f"{base}/messages/process", backend.process),
            web.get("/_local/record", backend.record),
            *fault_routes(backend.faults),
        ]
    )
    return app


class Backend:
    """The handlers. They behave like whatsapp_router.py of ansari-backend, including its quirks."""

    def __init__(self, api_key: SecretValue, pace: float) -> None:
        self._key = api_key
        self._pace = pace
        self._store = Store()
        self.faults = Faults(SWITCHES)
        self.ending = Ending()

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "message": "The local ansari-backend is running"})

    async def record(self, _: web.Request) -> web.Response:
        return web.json_response(self._store.record())

    async def register(self, request: web.Request) -> web.Response:
        texts, problems = body_texts(await read_body(request), "phone_num", "preferred_language")
        check(request, self._key, problems)
        phone = texts["phone_num"]
        await self._trouble(request, "register", phone)
        if self.faults.take("register_failure", user=phone) is not None:
            failure = {"status": "failure", "error": "the local database refused (fault register_failure)"}
            return web.json_response({"status": "success", "user_id": failure})
        self._store.register(phone, texts["preferred_language"])
        return web.json_response({"status": "success", "user_id": {"status": "success"}})

    async def exists(self, request: web.Request) -> web.Response:
        phone = await self._asking(request, "exists")
        elsewhere = self.faults.on("user_not_found", user=phone)  # known from the web, say, but not from WhatsApp
        lost = self.faults.take("lookups_fail", user=phone) is not None
        return web.json_response({"exists": not lost and (elsewhere or self._store.has_user(phone))})

    async def new_thread(self, request: web.Request) -> web.Response:
        texts, problems = body_texts(await read_body(request), "phone_num", "title")
        check(request, self._key, problems)
        phone = texts["phone_num"]
        await self._trouble(request, "new_thread", phone)
        self._known(phone, "new_thread")
        if self.faults.take("thread_none", user=phone) is not None:
            return web.json_response({"thread_id": "None"})
        return web.json_response({"thread_id": self._store.new_thread(phone, texts["title"]).id})

    async def last_thread(self, request: web.Request) -> web.Response:
        phone = await self._asking(request, "last_thread")
        self._known(phone, "last_thread")
        thread = self._store.last_thread(phone)
        if thread is None or self.faults.take("lookups_fail", user=phone) is not None:
            return web.json_response({"thread_id": None, "last_message_time": None})
        return web.json_response({"thread_id": thread.id, "last_message_time": thread.updated_at.isoformat()})

    async def history(self, request: web.Request) -> web.Response:
        phone = await self._asking(request, "history")
        self._known(phone, "history")
        thread = self._store.thread(request.match_info["thread_id"], phone)
        if thread is None:
            raise Refusal(404, "Thread not found or access denied")
        return web.json_response(
            {"thread_name": thread.title, "messages": [vars(message) for message in thread.messages]}
        )

    async def process(self, request: web.Request) -> web.StreamResponse:
        texts, problems = body_texts(await read_body(request), "phone_num", "thread_id", "message")
        check(request, self._key, problems)
        phone, question = texts["phone_num"], texts["message"]
        await self._trouble(request, "process", phone)
        self._known(phone, "process")
        thread = self._store.thread(texts["thread_id"], phone)
        if thread is None:
            raise Refusal(404, "Thread not found")
        self._store.processing(thread, question)
        length = self.faults.take("answer_length", user=phone) or {}
        answer = answer_to(
            question,
            rounds=self.faults.take("glued_rounds", user=phone) is not None,
            characters=length.get("characters"),
        )
        response, sent = await stream(request, answer, phone, self.faults, self.ending, self._pace)
        self._keep(thread, question, answer, sent)
        return response

    def _keep(self, thread: Thread, question: str, answer: Answer, sent: AnswerEnd) -> None:
        """Store the turns at the end of a round, as the backend does: a broken stream usually leaves none."""
        if sent is AnswerEnd.WHOLE:
            thread.answered[question] += 1
        if sent is AnswerEnd.SHORT:
            self._store.add(thread, "assistant", APOLOGY)
        elif sent is not AnswerEnd.BROKEN:
            if answer.preamble:
                use = {"type": "tool_use", "id": "toolu_local_1", "name": "search_quran", "input": {"query": question}}
                result = {"type": "tool_result", "tool_use_id": "toolu_local_1", "content": "results"}
                self._store.add(thread, "assistant", answer.preamble + "\n\n")
                self._store.add(thread, "assistant", [use])
                self._store.add(thread, "user", [result])
            self._store.add(thread, "assistant", answer.text)

    async def _asking(self, request: web.Request, route: str) -> str:
        phone, problems = query_phone(request)
        check(request, self._key, problems)
        await self._trouble(request, route, phone)
        return phone

    async def _trouble(self, request: web.Request, route: str, user: str) -> None:
        """Apply the faults that every route shares. Raises Refusal or Dropped."""
        if (delay := self.faults.take("headers_delay", route=route, user=user)) is not None:
            await self.ending.pause(delay["seconds"])
        if self.faults.take("no_response", route=route, user=user) is not None:
            raise DroppedConnection
        if (error := self.faults.take("server_error", route=route, user=user)) is not None:
            default = (
                "Message processing failed: a fault was asked for" if route == "process" else "a fault was asked for"
            )
            raise Refusal(error.get("status", 500), error.get("detail", default))

    def _known(self, phone: str, route: str) -> None:
        if not self._store.has_user(phone) or self.faults.take("user_not_found", route=route, user=phone) is not None:
            raise Refusal(404, "WhatsApp user not found")


@web.middleware
async def _details(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Return every error as `{"detail": text}`, like the real backend."""
    try:
        return await handler(request)
    except DroppedConnection:
        await reset(request)
        return web.Response()  # goes nowhere
    except ConnectionError:
        return web.Response()  # whoever asked has left
    except Refusal as refusal:
        return _detail(refusal.status, refusal.detail)
    except web.HTTPException as error:
        return _detail(error.status, error.reason)


def _detail(status: int, detail: str) -> web.Response:
    body: dict[str, Any] = {"detail": detail}
    return web.json_response(body, status=status)
