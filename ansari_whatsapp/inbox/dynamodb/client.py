"""Calls to DynamoDB: aiohttp carries them, and botocore finds the credentials and signs.

A call takes a quarter of the processor time that boto3 in threads takes: docs/contributing/speed.md.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from ansari_whatsapp.inbox.base import InboxFull, InboxUnavailable
from ansari_whatsapp.inbox.dynamodb.attributes import Item
from ansari_whatsapp.inbox.dynamodb.credentials import Credentials

AT_ONCE: Final = 100  # connections
FIRST_PAUSE: Final = 0.05  # seconds before a call is repeated; each further one is twice as long
LONGEST_PAUSE: Final = 1.0
CALL_SECONDS: Final = 3.0  # for one try

# Amazon DynamoDB developer guide, "Error handling": these may succeed when they are repeated.
_REPEATED: Final = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
_SIGNED_BADLY: Final = frozenset(
    {"ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredToken"}
)


class ConditionFailed(Exception):
    """The condition of a write does not hold. `item` is the item as it is; empty if it does not exist."""

    def __init__(self, item: Item) -> None:
        super().__init__("the condition does not hold")
        self.item = item


class Client:
    """Calls DynamoDB. Every call may be repeated after a lost reply: its conditions must allow that.

    `calls` counts the calls by operation. `units` are the capacity units by operation, which DynamoDB reports while
    `count_units` is set: the benchmark reads both.
    """

    def __init__(self, region: str, endpoint: str | None = None, session: Session | None = None) -> None:
        self.problem = ""
        self.calls: dict[str, int] = {}
        self.units: dict[str, float] = {}
        self.count_units = False
        self._region = region
        self._endpoint = endpoint
        self._url = ""
        self._credentials = Credentials(session)
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the client. Raises InboxUnavailable when the endpoint is not known."""
        try:
            self._url = await asyncio.to_thread(_endpoint, self._region, self._endpoint)
        except BotoCoreError as error:
            raise InboxUnavailable(f"{type(error).__name__}: {error}") from None
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=50),
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def aclose(self) -> None:
        await self._credentials.aclose()
        if self._http is not None:
            await self._http.close()

    async def call(self, operation: str, request: dict[str, Any], within: float = 10.0) -> dict[str, Any]:
        """Call an operation, and repeat it for `within` seconds while that can help.

        Raises ConditionFailed, InboxFull for an item that would be too large, else InboxUnavailable.
        """
        if self.count_units:
            request = {**request, "ReturnConsumedCapacity": "INDEXES"}
        body = orjson.dumps(request)
        end, pause = time.monotonic() + within, FIRST_PAUSE
        while True:
            try:
                answer = await self._once(operation, body)
            except _Again as error:
                self.problem = str(error)
                if time.monotonic() + pause > end:
                    raise InboxUnavailable(self.problem) from None
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- a spread
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self.problem = ""
            return answer

    async def _once(self, operation: str, body: bytes) -> dict[str, Any]:
        if self._http is None:
            raise InboxUnavailable("the inbox is not open")
        self.calls[operation] = self.calls.get(operation, 0) + 1
        credentials = await self._credentials.get()
        headers = self._signed(operation, body, credentials)
        try:
            async with self._http.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                status, text = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _Again(type(error).__name__) from None
        try:
            answer: dict[str, Any] = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _Again(f"status {status} without JSON") from None
        if status == 200:
            self._count(operation, answer)
            return answer
        await self._refused(status, answer, credentials)
        raise AssertionError

    async def _refused(self, status: int, answer: dict[str, Any], credentials: ReadOnlyCredentials) -> None:
        """Raise what an error means. Its text may quote a value, so only its code is kept."""
        code = str(answer.get("__type", "")).rpartition("#")[2] or f"status {status}"
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed(answer.get("Item", {}))
        if code == "ValidationException" and "size" in str(answer.get("message", answer.get("Message", ""))).lower():
            raise InboxFull
        if code in _SIGNED_BADLY:
            await self._credentials.renew(credentials)
            raise _Again(code)
        if code in _REPEATED or status >= 500:
            raise _Again(code)
        self.problem = code
        raise InboxUnavailable(code)

    def _signed(self, operation: str, body: bytes, credentials: ReadOnlyCredentials) -> dict[str, str]:
        request = AWSRequest("POST", self._url, data=body)
        request.headers["X-Amz-Target"] = f"DynamoDB_20120810.{operation}"
        request.headers["Content-Type"] = "application/x-amz-json-1.0"
        request.headers["Host"] = urlsplit(self._url).netloc  # the signer takes a third longer to find it
        SigV4Auth(credentials, "dynamodb", self._region).add_auth(request)
        return dict(request.headers.items())

    def _count(self, operation: str, answer: dict[str, Any]) -> None:
        if used := answer.get("ConsumedCapacity"):
            self.units[operation] = self.units.get(operation, 0.0) + float(used.get("CapacityUnits", 0))


class _Again(Exception):
    """The call may succeed when it is repeated."""


def _endpoint(region: str, endpoint: str | None) -> str:
    """The address of DynamoDB in a region; AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL override it."""
    client = Session().create_client("dynamodb", region_name=region, endpoint_url=endpoint)
    return str(client.meta.endpoint_url).rstrip("/") + "/"
