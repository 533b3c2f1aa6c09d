"""Deliver webhooks as Meta does: signed, in the background, and again with growing pauses until a 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from deployer.local.ending import Ending
from deployer.local.faults import Faults
from deployer.local.meta.callbacks import Callbacks
from deployer.local.meta.config import MetaConfig
from deployer.local.meta.webhook import field_of, signed_headers

TASKS_AT_MOST = 2_000
ANSWER_AT_MOST = 2_000  # bytes of the service's answer that are looked at


@dataclass(frozen=True)
class Attempt:
    """The outcome of a try: a status, or why there is none. `answer` is the beginning of the body."""

    status: int | None
    error: str | None
    answer: str = ""

    @property
    def delivered(self) -> bool:
        return self.status == 200

    @property
    def why(self) -> str | None:
        """Return why it does not count as delivered, or None."""
        if self.delivered:
            return None
        return self.error or f"the service answered {self.status}, and only 200 counts"


class Delivery:
    """The HTTP client of this server. It calls the service's webhook only.

    Each try goes where the callbacks lead at that moment, also that of an older webhook: Meta does not document it.
    """

    def __init__(self, config: MetaConfig, callbacks: Callbacks, faults: Faults, ending: Ending) -> None:
        self._config = config
        self._callbacks = callbacks
        self._faults = faults
        self._ending = ending
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()

    async def open(self, _: web.Application) -> None:
        self._session = aiohttp.ClientSession(
            # A new connection each time: one that died with a replaced instance is not the service's failure.
            connector=aiohttp.TCPConnector(force_close=True, limit=200),
            timeout=aiohttp.ClientTimeout(total=self._config.webhook_timeout),
        )

    async def close(self, _: web.Application) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run it in the background. Returns False if too much is running already, and it was dropped."""
        if len(self._tasks) >= TASKS_AT_MOST or self._ending.begun:
            work.close()
            self.counts["dropped"] += 1
            return False
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def deliver(
        self,
        body: bytes,
        *,
        signature: str = "valid",
        redeliver: bool = True,
        on_late: Callable[[], None] | None = None,
    ) -> Attempt:
        """Send a webhook. After anything but a 200 the further tries go on in the background.

        `on_late` is called when one of those is taken.
        """
        attempt = await self.attempt(body, signature)
        copies = (self._faults.take("duplicate_webhooks") or {}).get("copies", 0)
        for _ in range(copies):
            await self.attempt(body, signature)
        if redeliver and not attempt.delivered and self._config.redeliver_after:
            self.spawn(self._redeliver(body, signature, on_late))
        return attempt

    async def _redeliver(self, body: bytes, signature: str, on_late: Callable[[], None] | None) -> None:
        for pause in self._config.redeliver_after:
            await self._ending.pause(pause)
            if self._ending.begun:
                return
            self.counts["redelivered"] += 1
            if (await self.attempt(body, signature)).delivered:
                if on_late is not None:
                    on_late()
                return
        self.counts["given_up"] += 1

    async def attempt(self, body: bytes, signature: str = "valid") -> Attempt:
        """Try once. `signature` is valid, wrong or missing."""
        url, headers = self._callbacks.url(field_of(body)), _headers(self._config.app_secret, body, signature)
        attempt = await self._call("POST", url, data=io.BytesIO(body), headers=headers)
        self.counts["delivered" if attempt.delivered else "failed"] += 1
        return attempt

    async def verify(self, url: str, token: str, challenge: str) -> Attempt:
        """Send the verification request to a callback, as Meta does when its URL is entered."""
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        return await self._call("GET", url, params=query)

    async def _call(self, method: str, url: str, **request: Any) -> Attempt:
        if self._session is None:
            raise RuntimeError("the webhook client is not open")
        try:
            async with self._session.request(method, url, allow_redirects=False, **request) as answer:
                text = await answer.content.read(ANSWER_AT_MOST)
                return Attempt(answer.status, None, text.decode(errors="replace"))
        except TimeoutError:
            return Attempt(None, f"{url} gave no answer within {self._config.webhook_timeout:g} s")
        except aiohttp.ClientConnectorError:
            return Attempt(None, f"nothing listens at {url}")
        except (aiohttp.ClientError, OSError) as error:
            return Attempt(None, f"{url} broke the connection ({type(error).__name__})")


def _headers(app_secret: str, body: bytes, signature: str) -> dict[str, str]:
    headers = signed_headers(app_secret, body)
    if signature == "wrong":
        forged = hmac.new(b"not the app secret", body, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature-256"] = f"sha256={forged}"
    elif signature == "missing":
        del headers["X-Hub-Signature-256"], headers["X-Hub-Signature"]
    return headers
