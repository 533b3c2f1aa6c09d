"""A local ansari-backend on a free port, with its loop in a thread, and a client that holds its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from deployer.local.backend import create_backend
from tests.loopback import NO_TLS
from tests.serving import serving_apps

CONTROL = "token-of-the-local-world"
CONTROLS = {"Authorization": f"Bearer {CONTROL}"}
KEY = "key-of-the-local-backend"
PHONE = "15551230000"


@dataclass(frozen=True)
class Backend:
    """A running backend: `client` has the key, `bare` has not, but the token of the control routes."""

    url: str
    client: httpx.Client
    bare: httpx.Client

    def faults(self, **switches: object) -> None:
        answer = self.bare.put("/_local/faults", json=switches)
        assert answer.status_code == 200, answer.text

    def register(self, phone: str = PHONE) -> None:
        body = {"phone_num": phone, "preferred_language": "en"}
        assert self.client.post("/whatsapp/v2/users/register", json=body).status_code == 200

    def thread(self, phone: str = PHONE, title: str = "a title") -> str:
        answer = self.client.post("/whatsapp/v2/threads", json={"phone_num": phone, "title": title})
        thread_id = answer.json()["thread_id"]
        assert isinstance(thread_id, str)
        return thread_id

    def question(self, thread_id: str, message: str, phone: str = PHONE) -> dict[str, str]:
        return {"phone_num": phone, "thread_id": thread_id, "message": message}

    def ask(self, thread_id: str, message: str, phone: str = PHONE) -> httpx.Response:
        return self.client.post("/whatsapp/v2/messages/process", json=self.question(thread_id, message, phone))

    def history(self, thread_id: str, phone: str = PHONE) -> list[dict[str, object]]:
        answer = self.client.get(f"/whatsapp/v2/threads/{thread_id}/history", params={"phone_num": phone})
        messages = answer.json()["messages"]
        assert isinstance(messages, list)
        return messages

    def record(self) -> dict[str, dict[str, dict[str, object]]]:
        record = self.bare.get("/_local/record").json()
        assert isinstance(record, dict)
        return record


@pytest.fixture
def backend() -> Iterator[Backend]:
    with (
        serving_apps(create_backend(api_key=KEY, control=CONTROL)) as [url],
        httpx.Client(base_url=url, headers={"X-Whatsapp-Api-Key": KEY}, timeout=10, verify=NO_TLS) as client,
        httpx.Client(base_url=url, headers=CONTROLS, timeout=10, verify=NO_TLS) as bare,
    ):
        yield Backend(url, client, bare)
