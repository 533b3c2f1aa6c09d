"""Credentials of an instance's role end, and are replaced while the service runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from botocore.session import Session

from ansari_whatsapp.inbox import InboxUnavailable
from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.inbox.dynamodb.credentials import Credentials
from tests.ansari_whatsapp.tables import REGION
from tests.ansari_whatsapp.world import WITHIN
from tests.serving import serving_apps


@dataclass
class Role:
    """The credentials endpoint of a container, and a DynamoDB that takes the present credentials only."""

    number: int = 1
    minutes: float = 60.0  # until they end
    given: int = 0
    used: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def key(self) -> str:
        return f"ASIAKEY{self.number}"

    async def give(self, _: web.Request) -> web.Response:
        if not self.number:
            return web.Response(status=500)
        self.given += 1
        end = datetime.now(UTC) + timedelta(minutes=self.minutes)
        return web.json_response(
            {
                "AccessKeyId": self.key,
                "SecretAccessKey": "secret-of-no-account",
                "Token": "token",
                "Expiration": end.isoformat(),
            }
        )

    async def serve(self, request: web.Request) -> web.Response:
        key = request.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        self.used.append(key)
        if key == self.key:
            return web.json_response({"Items": []})
        refused = {"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "expired"}
        return web.json_response(refused, status=400)


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[Role]:
    with _running() as role:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/credentials")
        for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
            monkeypatch.setenv(name, "/nonexistent")
        yield role


@contextmanager
def _running() -> Iterator[Role]:
    role = Role()
    app = web.Application()
    app.router.add_get("/credentials", role.give)
    app.router.add_post("/", role.serve)
    with serving_apps(app) as [url]:
        role.url = url
        yield role


def test_credentials_that_aws_refuses_are_replaced_once_for_all_calls(role: Role) -> None:
    async def test() -> None:
        client = Client(REGION, role.url)
        await client.open()
        try:
            await client.call("Query", {})
            role.number, before = 2, role.given
            await asyncio.gather(*(client.call("Query", {}) for _ in range(10)))
            assert client.problem == ""
            assert role.given == before + 1
        finally:
            await client.aclose()

    asyncio.run(test())
    assert set(role.used) == {"ASIAKEY1", "ASIAKEY2"}


def test_credentials_are_replaced_before_they_end(role: Role) -> None:
    async def test() -> None:
        role.minutes = 5
        credentials = Credentials(refresh_every=0.01)
        try:
            assert (await credentials.get()).access_key == "ASIAKEY1"
            role.number = 2
            async with asyncio.timeout(WITHIN):
                while (await credentials.get()).access_key != "ASIAKEY2":  # noqa: ASYNC110 -- they tell nobody
                    await asyncio.sleep(0.01)
        finally:
            await credentials.aclose()

    asyncio.run(test())


def test_credentials_at_hand_are_used_while_there_are_no_new_ones(role: Role) -> None:
    async def test() -> None:
        role.minutes = 12  # botocore would like new ones, and can do without them
        credentials = Credentials(refresh_every=0.01)
        try:
            await credentials.get()
            role.number = 0
            await asyncio.sleep(0.1)
            assert (await credentials.get()).access_key == "ASIAKEY1"
        finally:
            await credentials.aclose()

    asyncio.run(test())


def test_an_instance_without_a_role_says_so() -> None:
    async def test() -> None:
        session = Session()
        session.get_component("credential_provider").providers = []
        with pytest.raises(InboxUnavailable, match="no AWS credentials"):
            await Credentials(session).get()

    asyncio.run(test())
