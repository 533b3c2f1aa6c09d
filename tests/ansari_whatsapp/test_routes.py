"""The webhook in front of an inbox that cannot take what Meta brings."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from ansari_whatsapp.app import create_app
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, Job, MemoryInbox, PutResult, Tag
from ansari_whatsapp.settings import Settings
from ansari_whatsapp.signature import HEADER, Signer
from ansari_whatsapp.webhook import Message, Status
from tests.ansari_whatsapp.eager import Eager
from tests.ansari_whatsapp.world import APP_SECRET, envelope, environment, text, value

names = (f"routes_{number}" for number in itertools.count())
NOBODY = "http://127.0.0.1:9"


class Failing(MemoryInbox):
    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        raise InboxUnavailable("the disk is full")


async def deliver(inbox: Inbox, *bodies: bytes, ready: list[list[str]] | None = None, **more: str) -> list[int]:
    """What a served application answers to each body in turn; `ready` gets the reasons of /ready after each."""
    app = create_app(Settings.from_environment(environment(NOBODY, NOBODY, 8001, **more)), inbox, next(names))
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
                if ready is not None:
                    ready.append((await http.get(f"http://{host}:{port}/ready")).json()["reasons"])
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


class Noting(MemoryInbox):
    """Keeps what it was asked, and with what."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: list[int] = []
        self.puts: list[list[str]] = []
        self.settled: list[str | None] = []
        self.resent: list[Tag] = []
        self.changed: list[tuple[str, str]] = []

    async def amend(self, user: str, wamid: str, text: str) -> bool:
        self.changed.append((user, wamid))
        return await super().amend(user, wamid, text)

    async def withdraw(self, user: str, wamid: str) -> bool:
        self.changed.append((user, wamid))
        return await super().withdraw(user, wamid)

    async def put(self, messages: Sequence[Message], until: float | None = None, room: int = 0) -> PutResult:
        self.rooms.append(room)
        self.puts.append([message.wamid for message in messages])
        assert until is not None
        assert until > time.time()
        return await super().put(messages, until, room)

    async def settle(self, status: Status) -> None:
        self.settled.append(status.tag)

    async def resend(self, tag: Tag, at: float) -> bool:
        self.resent.append(tag)
        return True


def change(kind: str, of: str, user: str) -> dict[str, Any]:
    new = {"original_message_id": of, "message": {"type": "text", "text": {"body": "better"}}}
    return {"from": user, "id": f"{of}.{kind}", "type": kind, kind: new}


@pytest.mark.parametrize("first", [True, False])
def test_a_change_may_come_before_or_after_its_message_in_one_webhook(first: bool) -> None:
    one, other, inbox = "15551230001", "15551230002", Noting()
    texts = [text("a tpyo", "w1", one), text("secret", "w2", other)]
    changes = [change("edit", "w1", one), change("revoke", "w2", other)]
    body = envelope(value(*changes, *texts) if first else value(*texts, *changes))
    assert asyncio.run(deliver(inbox, body)) == [200]

    async def found() -> dict[str, Job]:
        jobs = [await inbox.lease(1e12, 1e12 + 1) for _ in range(2)]
        return {job.message.wamid: job for job in jobs if job is not None}

    jobs = asyncio.run(found())
    assert (jobs["w1"].message.text, jobs["w1"].withdrawn) == ("better", False)
    assert (jobs["w2"].message.text, jobs["w2"].withdrawn) == (None, True)
    assert inbox.changed == [(one, "w1"), (other, "w2")]


def test_all_messages_of_a_webhook_are_put_in_one_call_with_the_room_for_them() -> None:
    inbox = Noting()
    many = [text("x", f"wamid.{number}", f"1555123{number:04}") for number in range(300)]
    assert asyncio.run(deliver(inbox, envelope(value(*many[:3])), envelope(value(*many)))) == [200, 200]
    assert [len(put) for put in inbox.puts] == [3, 300]
    assert inbox.rooms[0] == 3
    assert 100 < inbox.rooms[1] <= 200


def test_a_job_that_is_leased_with_its_webhook_is_begun_at_once() -> None:
    class Silent(Eager):
        """Gives a job to nobody but to the webhook."""

        poll = 600.0
        begun = 0

        async def save(self, job: Job) -> None:
            self.begun += 1
            await super().save(job)

    inbox = Silent()

    async def test() -> None:
        assert await deliver(inbox, envelope(value(text("x", "wamid.1"))), IDLE_CPU="true") == [200]

    asyncio.run(test())
    assert inbox.begun > 0


@pytest.mark.parametrize("code", [131042, 190, 131000])
@pytest.mark.parametrize("tag", ["another system", "wamid.1:1", None])
def test_a_status_of_a_message_of_another_system_is_only_counted(tag: str | None, code: int) -> None:
    inbox = Noting()
    failed = {"id": "wamid.s", "status": "failed", "errors": [{"code": code}]}
    if tag is not None:
        failed["biz_opaque_callback_data"] = tag
    ready: list[list[str]] = []
    assert asyncio.run(deliver(inbox, envelope(value(statuses=[failed])), ready=ready)) == [200]
    assert (inbox.settled, inbox.resent) == ([], [])
    assert ready == [["meta_unreachable", "backend_unreachable"]]


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
def test_a_status_of_a_part_is_kept_and_a_failed_part_is_queued(status: str) -> None:
    inbox = Noting()
    tag = str(Tag(2, 0, "15551230000", "wamid.1"))
    item = {"id": "wamid.s", "status": status, "errors": [{"code": 131000}], "biz_opaque_callback_data": tag}
    assert asyncio.run(deliver(inbox, envelope(value(statuses=[item])))) == [200]
    assert inbox.settled == [tag]
    assert inbox.resent == ([Tag(2, 0, "15551230000", "wamid.1")] if status == "failed" else [])
