"""The service as a real process between a local ansari-backend and a local Meta, all on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from ansari_whatsapp.signature import HEADER, Signer
from deployer.local.backend import create_backend
from deployer.local.meta import MetaConfig, create_meta
from tests.loopback import NO_TLS
from tests.ports import free_port
from tests.services import Service, start_service
from tests.serving import serving_apps

CONTROL = "token-of-the-local-world"
CONTROLS = {"Authorization": f"Bearer {CONTROL}"}
ROOT = Path(__file__).parents[2]
NUMBER = "106540352242922"
API_KEY = "api-key-0123456789abcdef"
APP_SECRET = "app-secret-0123456789abcdef"
TOKEN = "EAAtoken-0123456789abcdef"
VERIFY = "verify-token-0123456789abcdef"
SECRETS = (API_KEY, APP_SECRET, TOKEN, VERIFY)
USER = "15551230000"
WITHIN = 20.0


@dataclass(repr=False)
class World:
    """Addresses of the three, and what the service wrote."""

    service: str
    backend: str
    meta: str
    process: Service | subprocess.Popen[bytes]
    environ: dict[str, str]
    http: httpx.Client
    output: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"World({self.service})"

    def post(self, body: bytes, signature: str | None = "right") -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        if signature is not None:
            headers[HEADER] = Signer(APP_SECRET).sign(body) if signature == "right" else signature
        return self.http.post(f"{self.service}/whatsapp/v2", content=body, headers=headers)

    def deliver(self, *values: dict[str, Any]) -> httpx.Response:
        return self.post(envelope(*values))

    def say(self, text: str, user: str = USER, **more: Any) -> dict[str, Any]:
        said: dict[str, Any] = self.http.post(
            f"{self.meta}/_local/say", json={"text": text, "from": user, **more}
        ).json()
        return said

    def answer(self, user: str, to: str, wait: float = WITHIN) -> list[str]:
        """The parts that answer a message, once they are complete."""
        query: dict[str, str | float] = {"until": "answered", "to": to, "wait": wait}
        chat = self.http.get(f"{self.meta}/_local/chats/{user}", params=query, timeout=wait + 5).json()
        return [m["text"] for m in chat["messages"] if m["sender"] == "service" and m["answers"] == to]

    def ask(self, text: str, user: str = USER) -> list[str]:
        said = self.say(text, user)
        assert said["delivered"], said
        return self.answer(user, said["wamid"])

    def sent(self, user: str) -> list[str]:
        """Everything the service sent to a user, in order."""
        chat = self.http.get(f"{self.meta}/_local/chats/{user}").json()
        return [m["text"] for m in chat["messages"] if m["sender"] == "service"]

    def wait_for_sent(self, user: str, count: int) -> list[str]:
        until(lambda: len(self.sent(user)) >= count)
        return self.sent(user)

    def asked(self, user: str) -> list[str]:
        """Every text the backend was asked to process for a user, repeated as often as it was."""
        record = self.http.get(f"{self.backend}/_local/record").json()
        return [
            message["message"]
            for thread in record["threads"].values()
            if thread["phone_num"] == user
            for message in thread["messages"]
            for _ in range(message["count"])
        ]

    def fault(self, who: str, **switches: Any) -> None:
        answer = self.http.put(f"{getattr(self, who)}/_local/faults", json=switches)
        assert answer.status_code == 200, answer.text


def envelope(*values: dict[str, Any]) -> bytes:
    changes = [{"field": "messages", "value": value} for value in values]
    payload = {"object": "whatsapp_business_account", "entry": [{"id": "WABA", "changes": changes}]}
    return json.dumps(payload).encode()


def value(*messages: dict[str, Any], number: str = NUMBER, **more: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550000001", "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata, "messages": list(messages), **more}


def text(body: str, wamid: str, user: str = USER, **more: Any) -> dict[str, Any]:
    now = str(int(time.time()))
    return {"from": user, "id": wamid, "timestamp": now, "type": "text", "text": {"body": body}, **more}


def until(true: Any, seconds: float = WITHIN) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def environment(backend: str, meta: str, port: int, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DEPLOYMENT_TYPE": "local",
        "BACKEND_SERVER_URL": backend,
        "WHATSAPP_SERVICE_API_KEY": API_KEY,
        "META_GRAPH_URL": meta,
        "META_BUSINESS_PHONE_NUMBER_ID": NUMBER,
        "META_ACCESS_TOKEN_FROM_SYS_USER": TOKEN,
        "META_WEBHOOK_VERIFY_TOKEN": VERIFY,
        "META_APP_SECRET": APP_SECRET,
        "LOGGING_LEVEL": "DEBUG",
        "FIRST_RETRY_SECONDS": "0.05",
        "CONFIRM_SECONDS": "1",
        "USER_MESSAGES_PER_HOUR": "1000000",
        "APP_RELEASE": "abc123",
        "PORT": str(port),
        **more,
    }


@contextmanager
def running(*, within: Sequence[str] = (), port: int | None = None, **more: str) -> Iterator[World]:
    """All three; `more` are further variables of the service, and `within` a command that starts it."""
    port = port or free_port()
    service = f"http://127.0.0.1:{port}"
    # Loading certificates for every client would be the slowest part of these tests.
    with (
        TemporaryDirectory() as folder,
        neighbours(f"{service}/whatsapp/v2") as (backend, meta),
        httpx.Client(verify=NO_TLS, headers=CONTROLS) as http,
    ):
        environ = {"INBOX_URL": f"sqlite:///{folder}/inbox.sqlite3", **environment(backend, meta, port, **more)}
        written, output = os.pipe()
        process: Service | subprocess.Popen[bytes] = (
            subprocess.Popen(
                [*within, sys.executable, "-m", "ansari_whatsapp"], cwd=ROOT, env=environ, stdout=output, stderr=output
            )
            if within
            else start_service(environ, output)
        )
        os.close(output)
        world = World(service, backend, meta, process, environ, http)
        reader = threading.Thread(target=_read, args=(world, written))
        reader.start()
        try:
            until(lambda: _up(http, service))
            yield world
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            reader.join()


def _read(world: World, written: int) -> None:
    with open(written, encoding="utf-8") as lines:
        world.output.extend(iter(lines.readline, ""))


def _up(http: httpx.Client, service: str) -> bool:
    try:
        return http.get(service).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def neighbours(callback: str) -> Iterator[tuple[str, str]]:
    """A backend and a Meta in a loop of their own; yields their addresses."""
    config = MetaConfig(
        app_secret=APP_SECRET,
        access_token=TOKEN,
        phone_number_id=NUMBER,
        callback_url=callback,
        control=CONTROL,
        redeliver_after=(0.3, 0.3, 0.3),
        status_delay=0.01,
    )
    with serving_apps(create_backend(api_key=API_KEY, control=CONTROL), create_meta(config)) as (backend, meta):
        yield backend, meta
