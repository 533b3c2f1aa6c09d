"""Routes for an operator who has OPERATOR_TOKEN: what waits, the dead letters without their texts, and a replay.

A container platform may have no shell, and an inbox in a file is on the disk of one instance.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from pydantic import SecretStr
from sanic import HTTPResponse, Request, Sanic

from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.inbox_report import replay_dead, report_dead, report_inbox
from ansari_whatsapp.refusals import refuse_token
from ansari_whatsapp.telemetry import log
from ansari_whatsapp.worker import Worker

PATH: Final = "/inbox"
MOST_IDS: Final = 1000
LONGEST_ID: Final = 100
WITHIN: Final = 20.0  # seconds
_LIMIT: Final = re.compile("[1-9][0-9]{0,8}")


class OperatorRoutes:
    """The handlers. A random id names this instance in each report: with a file, each instance has its own inbox."""

    def __init__(self, token: SecretStr, release: str, inbox: Inbox, worker: Worker) -> None:
        self._expected = b"Bearer " + token.get_secret_value().encode()
        self._headers = {"X-App-Release": release, "Cache-Control": "no-store"}
        self._inbox = inbox
        self._worker = worker
        self._instance = secrets.token_hex(4)

    def add_to(self, app: Sanic) -> None:  # type: ignore[type-arg]
        app.add_route(self.inbox, PATH, methods=["GET"])
        app.add_route(self.dead, f"{PATH}/dead", methods=["GET"])
        app.add_route(self.replay, f"{PATH}/replay", methods=["POST"])

    async def inbox(self, request: Request) -> HTTPResponse:
        """Return how many messages wait, by state, and how many were given up."""
        return await self._answer(request, lambda: report_inbox(self._inbox, self._instance))

    async def dead(self, request: Request) -> HTTPResponse:
        """Return the dead letters, newest first and without texts; with `limit`, only as many."""
        given = request.args.get("limit")
        limit = int(given) if given is not None and _LIMIT.fullmatch(given) else None
        if given is not None and limit is None and self._may(request):
            return self._json(400, {"error": "limit has to be a number from 1"})
        return await self._answer(request, lambda: report_dead(self._inbox, self._instance, limit))

    async def replay(self, request: Request) -> HTTPResponse:
        """Queue dead letters again: those in `ids`, or all with `all`. They are answered like new messages.

        With `instance`, only that instance does it, because another one's file has other letters under the same ids.
        """
        if not self._may(request):
            return refuse_token(request)
        if self._worker.draining:
            return self._json(503, {"error": "the instance is stopping"})
        try:
            ids, instance = _asked(request.body)
        except ValueError:
            return self._json(400, {"error": f'give {{"all": true}}, or up to {MOST_IDS} ids: {{"ids": ["17"]}}'})
        if instance not in {None, self._instance} and not self._inbox.shared:
            return self._json(409, {"error": "this is another instance", "instance": self._instance})

        async def work() -> object:
            report = await replay_dead(self._inbox, ids, self._instance)
            self._worker.wake()
            log.info("dead letters were queued again", extra={"count": len(report.replayed)})
            return report

        return await self._answer(request, work)

    async def _answer(self, request: Request, work: Callable[[], Awaitable[object]]) -> HTTPResponse:
        if not self._may(request):
            return refuse_token(request)
        try:
            async with asyncio.timeout(WITHIN):
                return self._json(200, await work())
        except (InboxUnavailable, TimeoutError) as error:
            log.error("the inbox could not be reported", extra={"cause": type(error).__name__})
            return self._json(503, {"error": str(error) or "the inbox took too long"})

    def _may(self, request: Request) -> bool:
        given = (request.headers.get("authorization") or "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self._expected)

    def _json(self, status: int, content: object) -> HTTPResponse:
        return HTTPResponse(
            orjson.dumps(content), status=status, content_type="application/json", headers=self._headers
        )


def _asked(body: bytes) -> tuple[list[str] | None, str | None]:
    """The ids in the body of a replay, None for all, and the instance if it is named. Raises ValueError."""
    asked = orjson.loads(body)
    if not isinstance(asked, dict):
        raise ValueError(asked)  # noqa: TRY004 -- what the caller gave is wrong, not our code
    instance = asked.pop("instance", None)
    if asked == {"all": True} and _is_name(instance or "-"):
        return None, instance
    ids = asked.pop("ids", None)
    if asked or not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS:
        raise ValueError
    if not all(map(_is_name, [*ids, instance or "-"])):
        raise ValueError
    return ids, instance


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= LONGEST_ID
