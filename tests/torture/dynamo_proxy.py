"""A proxy between one instance of the service and DynamoDB that does what no local engine does: it fails.

It throttles, answers with 5xx, loses requests and replies, answers late, lets the index lag, and ends the instance
before or after a call. `sabotage` removes a condition from the instance's writes: what proves that a condition is
needed, and that a suite would notice its absence.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

import aiohttp
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from msgspec import Struct

from tests.ansari_whatsapp.tables import REGION, Tables

EMPTY: Final = b'{"Items": [], "Count": 0, "ScannedCount": 0}'
SHARED_FOR: Final = 0.2  # seconds for which an answer to a query is shared
SLOW: Final = 4.0  # seconds, which is longer than the service waits for an answer

Sabotage = Callable[[str, dict[str, Any]], None]


class Faults(Struct, frozen=True):
    """How likely each fault is, from 0 to 1, at each call."""

    throttled: float = 0.0
    error: float = 0.0
    lost_request: float = 0.0
    lost_reply: float = 0.0
    slow: float = 0.0
    old_index: float = 0.0
    death_before: float = 0.0
    death_after: float = 0.0
    index_lag: float = 0.0  # seconds, at every query


class Death(Struct, frozen=True):
    """When an instance dies: at the call of this number, counted from one, before or after DynamoDB has made it."""

    number: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} call {self.number}"


class Watch:
    """Counts the calls about one user, by the partition of the user's items, and says at which the instance dies.

    A query of the index is about no user, and a death at one is a death between two of these calls.
    """

    def __init__(self, partition: str, death: Death | None = None) -> None:
        self.calls: list[str] = []
        self._partition = f'"{partition}"'.encode()
        self._death = death

    def strikes(self, operation: str, body: bytes) -> Death | None:
        """Count a call; the death that belongs to it."""
        if self._partition not in body:
            return None
        self.calls.append(operation)
        return self._death if self._death and self._death.number == len(self.calls) else None


class LaneAnswers:
    """The answers to queries of the index, which the instances of a fleet share for a moment.

    moto reads its whole table for each query, and instances with short leases query all the time: it would do nothing
    else. The index of DynamoDB lags behind its table by as much.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, asyncio.Task[tuple[int, bytes]]]] = {}

    async def get(self, body: bytes, ask: Callable[[], Coroutine[Any, Any, tuple[int, bytes]]]) -> tuple[int, bytes]:
        """Return the answer to a query: that of a moment ago, or a new one."""
        query, now = _without_time(body), time.monotonic()
        at, task = self._known.get(query, (-SHARED_FOR, None))
        if task is None or now - at >= SHARED_FOR:
            task = asyncio.create_task(ask())
            self._known[query] = now, task
        return await asyncio.shield(task)


def _without_time(body: bytes) -> str:
    """A query by its clock instead of its time: instances whose clocks differ do not share what is due."""
    query = json.loads(body)
    due = query["ExpressionAttributeValues"].pop(":due", None)
    ahead = "" if due is None else round(float(due["N"]) - time.time())
    return f"{ahead} {json.dumps(query)}"


class DynamoProxy:
    """One proxy on a free port. `die` ends the instance at once; `made` counts the faults by name."""

    def __init__(
        self,
        tables: Tables,
        seed: int,
        die: Callable[[], None],
        sabotage: Sabotage | None = None,
        lanes: LaneAnswers | None = None,
    ) -> None:
        self.faults = Faults()
        self.watch: Watch | None = None
        self.made: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.port = 0
        self._tables = tables
        self._credentials = ReadOnlyCredentials(tables.access_key, tables.secret_key, None)
        self._chance = random.Random(seed)
        self._die = die
        self._sabotage = sabotage
        self._lanes = lanes or LaneAnswers()
        self._queries: dict[str, bytes] = {}  # the last answer to each query of the index
        self._seen: defaultdict[str, deque[tuple[float, bytes]]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        [(_, self.port, *_)] = self._runner.addresses

    async def stop(self) -> None:
        assert self._runner is not None
        assert self._http is not None
        await self._runner.cleanup()
        await self._http.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        operation, body = request.headers["X-Amz-Target"].rpartition(".")[2], await request.read()
        self.calls[operation] += 1
        faults = self.faults
        death = self.watch.strikes(operation, body) if self.watch is not None else None
        if (death and not death.after) or self._happens("death_before", faults.death_before):
            self._die()
            return self._drop(request)
        if self._happens("lost_request", faults.lost_request):
            return self._drop(request)
        if self._happens("throttled", faults.throttled):
            return _refused(400, "com.amazonaws.dynamodb.v20120810#ThrottlingException")
        if self._happens("error", faults.error):
            return _refused(500, "com.amazonaws.dynamodb.v20120810#InternalServerError")
        if operation == "Query" and _lane(body) in self._queries and self._happens("old_index", faults.old_index):
            return web.Response(body=self._queries[_lane(body)], content_type="application/x-amz-json-1.0")
        if operation == "Query":
            status, answer = await self._lanes.get(body, lambda: self._forward(operation, body))
        else:
            status, answer = await self._forward(operation, body)
        if operation == "Query":
            if faults.index_lag:
                answer = self._as_of(_lane(body), answer, faults.index_lag)
            self._queries[_lane(body)] = answer
        if death or self._happens("death_after", faults.death_after):
            self._die()
            return self._drop(request)
        if self._happens("lost_reply", faults.lost_reply):
            return self._drop(request)
        if self._happens("slow", faults.slow):
            await asyncio.sleep(SLOW)
        return web.Response(body=answer, status=status, content_type="application/x-amz-json-1.0")

    def _as_of(self, lane: str, answer: bytes, seconds: float) -> bytes:
        """The answer to a query as it was so many seconds ago; what was not asked for then is not in the index yet."""
        now, seen = time.monotonic(), self._seen[lane]
        seen.append((now, answer))
        while len(seen) > 1 and seen[1][0] <= now - seconds:
            seen.popleft()
        self.made["index_lag"] += 1
        return seen[0][1] if seen[0][0] <= now - seconds else EMPTY

    def _happens(self, name: str, chance: float) -> bool:
        happens = self._chance.random() < chance
        self.made[name] += happens
        return happens

    async def _forward(self, operation: str, body: bytes) -> tuple[int, bytes]:
        if self._sabotage is not None:
            document = json.loads(body)
            self._sabotage(operation, document)
            body = json.dumps(document).encode()
        url = f"{self._tables.url}/"
        signed = AWSRequest("POST", url, data=body)
        signed.headers["X-Amz-Target"] = f"DynamoDB_20120810.{operation}"
        signed.headers["Content-Type"] = "application/x-amz-json-1.0"
        SigV4Auth(self._credentials, "dynamodb", REGION).add_auth(signed)
        assert self._http is not None
        async with self._http.post(url, data=body, headers=dict(signed.headers.items())) as answer:
            return answer.status, await answer.read()

    @staticmethod
    def _drop(request: web.Request) -> web.StreamResponse:
        """Close the connection without an answer."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _refused(status: int, kind: str) -> web.Response:
    body = json.dumps({"__type": kind, "message": "by the proxy"})
    return web.Response(text=body, status=status, content_type="application/x-amz-json-1.0")


def _lane(body: bytes) -> str:
    """The lane that a query reads: two queries of one lane differ in their time."""
    return str(json.loads(body)["ExpressionAttributeValues"][":lane"])
