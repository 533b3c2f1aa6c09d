"""The webhook in front of an inbox that cannot take what Meta brings."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Sequence
from typing import Any

import httpx

from ansari_whatsapp.app import create_app
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, MemoryInbox
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.signature import HEADER, Signer
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.world import APP_SECRET, envelope, environment, text, value

names = (f"routes_{number}" for number in itertools.count())
NOBODY = "http://127.0.0.1:9"


class Failing(MemoryInbox):
    async def put(self, messages: Sequence[Message]) -> int:
        raise InboxUnavailable("the disk is full")


async def deliver(inbox: Inbox, *bodies: bytes) -> list[int]:
    """What a served application answers to each body in turn."""
    app = create_app(Settings.from_environment(environment(NOBODY, NOBODY, 8001)), inbox, next(names))
    app.config.TOUCHUP = False  # Sanic would rewrite its own methods, which works once in a process
    listening = socket.create_server(("127.0.0.1", 0))
    server: Any = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.start_serving()
    host, port = listening.getsockname()
    try:
        async with httpx.AsyncClient(verify=False) as http:  # noqa: S501 -- loading certificates is slow
            answers = []
            for body in bodies:
                headers = {HEADER: Signer(APP_SECRET).sign(body)}
                answers.append(await http.post(f"http://{host}:{port}/whatsapp/v2", content=body, headers=headers))
            assert (await http.get(f"http://{host}:{port}/")).status_code == 200
    finally:
        server.close()
        await server.wait_closed()
    return [answer.status_code for answer in answers]


def test_a_full_inbox_takes_no_batch_in_part_and_meta_is_told_to_come_again() -> None:
    inbox = MemoryInbox(capacity=2)
    batch = [envelope(value(*(text("x", f"wamid.{n}") for n in numbers))) for numbers in ((1,), (2, 3), (1, 2), (4,))]
    assert asyncio.run(deliver(inbox, *batch)) == [200, 503, 200, 503]
    assert asyncio.run(inbox.waiting()) == 2


def test_an_inbox_that_cannot_commit_is_a_503() -> None:
    assert asyncio.run(deliver(Failing(), envelope(value(text("x", "wamid.1"))))) == [503]


def test_what_needs_no_answer_needs_no_inbox() -> None:
    reaction = {"from": "15551230000", "id": "wamid.1", "type": "reaction", "reaction": {}}
    bodies = [envelope(value(reaction)), envelope(value(statuses=[{"id": "1", "status": "read"}])), b"{"]
    assert asyncio.run(deliver(Failing(), *bodies)) == [200, 200, 200]
