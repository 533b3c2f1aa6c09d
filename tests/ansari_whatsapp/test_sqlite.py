"""The inbox on disk: what outlives the process, several processes on one file, and disks in trouble."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ansari_whatsapp.inbox import InboxUnavailable, Job, SqliteInbox, State
from ansari_whatsapp.inbox.base import KEEP_SENT
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.world import ROOT


def message(wamid: str, user: str = "1") -> Message:
    return Message(wamid, user, "text", f"the text of {wamid}", None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "inbox.sqlite3"


async def opened(path: Path, capacity: int = 100, clock: Callable[[], float] = time.time) -> SqliteInbox:
    inbox = SqliteInbox(path, capacity, clock)
    await inbox.open()
    return inbox


async def leased(inbox: SqliteInbox, seconds: float = 60.0) -> Job | None:
    return await inbox.lease(time.time(), time.time() + seconds)


def test_what_was_put_is_there_for_the_next_process(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        await inbox.put([message("a"), message("b", "2")])
        await leased(inbox)
        await inbox.aclose()
        again = await opened(path)
        assert await again.put([message("a"), message("b", "2")]) == 0
        found = {job.message.wamid for job in [await leased(again), await leased(again)] if job}
        assert found == {"a", "b"}
        await again.aclose()

    asyncio.run(test())


def test_a_killed_process_keeps_nothing_to_itself(path: Path) -> None:
    code = """
import asyncio, os, sys, time
from pathlib import Path
from ansari_whatsapp.inbox import SqliteInbox
from ansari_whatsapp.inbox.base import KEEP_SENT
from ansari_whatsapp.webhook import Message
async def main():
    inbox = SqliteInbox(Path(sys.argv[1]))
    await inbox.open()
    await inbox.put([Message("a", "1", "text", "x", None)])
    assert await inbox.lease(time.time(), time.time() + 3600)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False).returncode == -9

    async def test() -> None:
        inbox = await opened(path)
        job = await leased(inbox)
        assert job is not None
        assert job.message.wamid == "a"
        await inbox.aclose()

    asyncio.run(test())


def test_two_processes_share_one_file_and_no_job(path: Path) -> None:
    async def test() -> None:
        one, two = await opened(path), await opened(path)
        await one.put([message("a"), message("b", "2")])
        jobs = [await leased(one), await leased(two), await leased(one), await leased(two)]
        assert sorted(job.message.wamid for job in jobs if job) == ["a", "b"]
        await one.aclose()  # what it held is given back
        assert await leased(two) is not None
        await two.aclose()

    asyncio.run(test())


def test_whoever_lost_a_lease_can_change_nothing(path: Path) -> None:
    async def test() -> None:
        one, two = await opened(path), await opened(path)
        await one.put([message("a")])
        late = await leased(one, seconds=-1)
        job = await leased(two)
        assert late is not None
        assert job is not None
        with pytest.raises(KeyError):
            await one.save(late)
        with pytest.raises(KeyError):
            await one.finish("a", State.DONE)
        await two.finish("a", State.DONE)
        for inbox in (one, two):
            await inbox.aclose()

    asyncio.run(test())


def test_nobody_else_can_read_it_and_no_text_stays(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, clock=lambda: now[0])
        await inbox.put([message("a")])
        job = await leased(inbox)
        assert job is not None
        await inbox.save(Job(job.message, State.ANSWERED, ("the answer to it",)))
        await inbox.finish("a", State.DONE)
        await until_gone(inbox, b"the text of a")
        assert b"the answer to it" in held(path)  # until Meta has had the time to say that it did not arrive
        now[0] += KEEP_SENT
        await inbox.forget()
        await until_gone(inbox, b"the answer to it")
        await inbox.aclose()

    async def until_gone(inbox: SqliteInbox, what: bytes) -> None:
        async with asyncio.timeout(20):
            while what in held(path):
                await asyncio.sleep(0.1)
                await inbox.waiting()

    now = [time.time()]
    asyncio.run(test())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def held(path: Path) -> bytes:
    """All that stands in the inbox's files."""
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_whoever_only_looks_takes_nothing_over(path: Path) -> None:
    async def test() -> None:
        service, operator = await opened(path), await opened(path, capacity=1)
        await service.put([message("a"), message("b", "2")])
        job = await leased(service)
        assert job is not None
        assert await operator.waiting() == 2
        await operator.aclose()
        await service.finish(job.message.wamid, State.DONE)
        await service.aclose()

    asyncio.run(test())


def test_a_full_inbox_keeps_its_dead_letters(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, capacity=1)
        await inbox.put([message("a")])
        assert await leased(inbox) is not None
        await inbox.finish("a", State.FAILED)
        await inbox.put([message("b")])
        with pytest.raises(InboxUnavailable, match="full"):
            await inbox.replay("a")
        assert [letter.message for letter in await inbox.dead()] == [message("a")]
        assert await inbox.put([message("a")]) == 0
        await inbox.aclose()

    asyncio.run(test())


def test_a_damaged_file_is_said_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, " * 1000)

    async def test() -> None:
        inbox = await opened(path)
        assert "not a database" in inbox.problem
        with pytest.raises(InboxUnavailable):
            await inbox.put([message("a")])
        await inbox.aclose()

    asyncio.run(test())
    assert path.read_bytes() == b"this is no database, " * 1000


def test_an_inbox_of_a_later_version_is_left_alone(path: Path) -> None:
    async def test() -> None:
        await (await opened(path)).aclose()
        with sqlite3.connect(path) as later:
            later.execute("PRAGMA user_version = 99")
        later.close()
        inbox = await opened(path)
        assert "another version" in inbox.problem
        await inbox.aclose()

    asyncio.run(test())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def test() -> None:
        inbox = await opened(tmp_path / "file" / "inbox.sqlite3")
        assert "Error" in inbox.problem
        with pytest.raises(InboxUnavailable):
            await inbox.waiting()
        await inbox.aclose()

    asyncio.run(test())


def test_a_disk_that_has_room_again_is_used_again(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        await inbox.put([message("kept")])
        hidden = path.parent.with_name("hidden")
        path.parent.rename(hidden)
        path.parent.touch()  # a file where the folder should be

        def fails(_: sqlite3.Connection, asked: Sequence[None]) -> list[None]:
            raise sqlite3.OperationalError("disk I/O error")

        with pytest.raises(InboxUnavailable, match="disk I/O"):  # after an error the next request opens it anew
            await inbox._writer.run(fails)  # noqa: SLF001 -- there is no other way to have an error on every machine
        with pytest.raises(InboxUnavailable):
            await inbox.put([message("refused")])
        assert inbox.problem
        path.parent.unlink()
        hidden.rename(path.parent)
        assert await inbox.put([message("kept"), message("new", "2")]) == 1
        assert inbox.problem == ""
        assert await inbox.waiting() == 2
        await inbox.aclose()

    asyncio.run(test())


def test_no_room_is_no_commit(path: Path) -> None:
    """SQLite stops at a number of pages as it does at the end of a disk."""

    async def test() -> None:
        inbox = await opened(path)
        await inbox.put([message("first")])

        def full(db: sqlite3.Connection, asked: Sequence[None]) -> list[None]:
            db.execute("PRAGMA max_page_count = 1")
            return [None] * len(asked)

        await inbox._writer.run(full)  # noqa: SLF001 -- there is no other way to fill a disk on every machine
        with pytest.raises(InboxUnavailable, match="full"):
            await inbox.put([message(f"w{n}", str(n)) for n in range(90)])
        assert await inbox.waiting() == 1
        await inbox.aclose()

    asyncio.run(test())


def test_meta_is_not_kept_waiting_for_a_disk_that_has_stopped(path: Path) -> None:
    async def test() -> None:
        inbox = SqliteInbox(path, commit_seconds=0.05)
        await inbox.open()
        goes_on = threading.Event()

        def stopped(_: sqlite3.Connection, asked: Sequence[None]) -> list[None]:
            goes_on.wait(20)
            return [None] * len(asked)

        held = asyncio.create_task(inbox._writer.run(stopped))  # noqa: SLF001 -- no disk stops when asked to
        await asyncio.sleep(0.02)
        with pytest.raises(InboxUnavailable, match="too long"):
            await inbox.put([message("late")])
        goes_on.set()
        await held
        await inbox.aclose()
        inbox = await opened(path)  # one that has all the time it needs
        assert await inbox.put([message("late")]) == 0  # it was kept after all, and Meta's next try finds it
        await inbox.aclose()

    asyncio.run(test())


def test_what_is_asked_while_it_closes_is_done_and_later_refused(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        late = [asyncio.create_task(inbox.put([message(f"w{n}", str(n))])) for n in range(3)]
        closing = asyncio.create_task(inbox.aclose())
        assert await asyncio.gather(*late) == [1, 1, 1]
        await closing
        with pytest.raises(InboxUnavailable, match="closed"):
            await inbox.put([message("later")])

    asyncio.run(test())
