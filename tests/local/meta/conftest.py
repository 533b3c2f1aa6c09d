"""A local Meta and a receiver of its webhooks on free ports, with their loop in a thread."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from aiohttp import web

from deployer.local.meta import MetaConfig, create_meta
from tests.loopback import NO_TLS
from tests.serving import serving_apps

CONTROL = "token-of-the-local-world"
CONTROLS = {"Authorization": f"Bearer {CONTROL}"}
SECRET, TOKEN, NUMBER = "secret-of-the-app", "EAAtoken-of-the-user", "106540352242922"


@dataclass
class Webhook:
    """One request as it came: the exact bytes."""

    body: bytes
    headers: dict[str, str]

    @property
    def payload(self) -> dict[str, Any]:
        payload = json.loads(self.body)
        assert isinstance(payload, dict)
        return payload

    @property
    def values(self) -> list[dict[str, Any]]:
        return [change["value"] for entry in self.payload["entry"] for change in entry["changes"]]


@dataclass
class Receiver:
    """The service's side: keeps every webhook and answers what it is told to. `answers` are used up in order."""

    webhooks: list[Webhook] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    verify_token: str = "the-verify-token"

    async def post(self, request: web.Request) -> web.Response:
        self.webhooks.append(Webhook(await request.read(), dict(request.headers)))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "hang":
            await asyncio.sleep(3)
        if answer == "cut":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=answer if isinstance(answer, int) else 200)

    async def get(self, request: web.Request) -> web.Response:
        if request.query["hub.verify_token"] != self.verify_token or request.query["hub.mode"] != "subscribe":
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All messages or all statuses, in the order they came."""
        return [
            one
            for webhook in list(self.webhooks)
            if webhook.payload.get("object")
            for value in webhook.values
            for one in value.get(kind, [])
        ]


@dataclass
class Meta:
    """A running Meta: `graph` has the service's token, `local` is who has the token of the local world."""

    url: str
    receiver: Receiver
    graph: httpx.Client
    local: httpx.Client

    def send(self, **body: Any) -> httpx.Response:
        message = {"messaging_product": "whatsapp", "to": "15551230000", "type": "text", "text": {"body": "an answer"}}
        wanted = {key: value for key, value in {**message, **body}.items() if value is not None}
        return self.graph.post(f"/v26.0/{NUMBER}/messages", json=wanted)

    def mark(self, wamid: str, **body: Any) -> httpx.Response:
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        return self.graph.post(f"/v26.0/{NUMBER}/messages", json={**read, **body})

    def say(self, text: str = "hello", **more: Any) -> dict[str, Any]:
        answer = self.local.post("/_local/say", json={"text": text, **more})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert isinstance(told, dict)
        return told

    def faults(self, **switches: object) -> None:
        answer = self.local.put("/_local/faults", json=switches)
        assert answer.status_code == 200, answer.text

    def limits(self, **limits: object) -> None:
        assert self.local.put("/_local/limits", json=limits).status_code == 200

    def chat(self, user: str = "15551230000", **query: Any) -> dict[str, Any]:
        view = self.local.get(f"/_local/chats/{user}", params=query).json()
        assert isinstance(view, dict)
        return view

    def record(self) -> dict[str, Any]:
        record = self.local.get("/_local/record").json()
        assert isinstance(record, dict)
        return record

    def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.01)


@pytest.fixture
def config() -> MetaConfig:
    return MetaConfig(
        app_secret=SECRET,
        access_token=TOKEN,
        phone_number_id=NUMBER,
        callback_url="http://127.0.0.1:1/whatsapp/v2",
        control=CONTROL,
        webhook_timeout=1.0,
        redeliver_after=(0.05, 0.1, 0.15),
        status_delay=0.01,
    )


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def callback(receiver: Receiver) -> Iterator[str]:
    app = web.Application(client_max_size=8 << 20)
    app.add_routes([web.post("/whatsapp/v2", receiver.post), web.get("/whatsapp/v2", receiver.get)])
    with serving_apps(app) as [url]:
        yield f"{url}/whatsapp/v2"


@pytest.fixture
def meta(config: MetaConfig, receiver: Receiver, callback: str) -> Iterator[Meta]:
    with serving_meta(replace(config, callback_url=callback), receiver) as made:
        yield made


@pytest.fixture
def lonely_meta(config: MetaConfig, receiver: Receiver) -> Iterator[Meta]:
    """A Meta whose service is not there."""
    with serving_meta(config, receiver) as made:
        yield made


@contextmanager
def serving_meta(config: MetaConfig, receiver: Receiver) -> Iterator[Meta]:
    with (
        serving_apps(create_meta(config)) as [url],
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10, verify=NO_TLS) as graph,
        httpx.Client(base_url=url, headers=CONTROLS, timeout=20, verify=NO_TLS) as local,
    ):
        yield Meta(url, receiver, graph, local)
