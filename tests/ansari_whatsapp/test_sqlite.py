"""The inbox on disk: what outlives the process, several processes on one file, and disks in trouble."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ansari_whatsapp.inbox import AGAIN, InboxUnavailable, Job, Profile, SeenMessage, SqliteInbox, State, Tag
from ansari_whatsapp.inbox.base import KEEP_EARLY, KEEP_PROFILE, KEEP_SENT, REMEMBER
from ansari_whatsapp.inbox.sqlite.inbox import ASK_EVERY
from ansari_whatsapp.webhook import USER, WAMID, Message
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


async def held_job(inbox: SqliteInbox) -> Job:
    job = await leased(inbox)
    assert job is not None
    return job


def test_what_was_put_is_there_for_the_next_process(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        await inbox.put([message("a"), message("b", "2")])
        await leased(inbox)
        await inbox.aclose()
        again = await opened(path)
        assert (await again.put([message("a"), message("b", "2")])).new == 0
        found = {job.message.wamid for job in [await leased(again), await leased(again)] if job}
        assert found == {"a", "b"}
        await again.aclose()

    asyncio.run(test())


KILLED = """
import asyncio, os, sys, time
from pathlib import Path
from ansari_whatsapp.inbox import SqliteInbox
from ansari_whatsapp.webhook import Message
async def main():
    inbox = SqliteInbox(Path(sys.argv[1]))
    await inbox.open()
    await inbox.put([Message("a", "1", "text", "x", None)])
    assert await inbox.lease(time.time(), time.time() + 3600)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""


async def killed_with_a_lease(path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(path), cwd=ROOT)
    assert await process.wait() == -9


def test_a_killed_process_keeps_nothing_to_itself(path: Path) -> None:
    async def test() -> None:
        await killed_with_a_lease(path)
        inbox = await opened(path)
        job = await held_job(inbox)
        assert (job.message.wamid, job.deaths) == ("a", 1)
        await inbox.aclose()

    asyncio.run(test())


def test_a_running_process_soon_takes_over_from_one_that_was_killed(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, clock=lambda: now[0])
        assert await leased(inbox) is None
        await killed_with_a_lease(path)
        assert await leased(inbox) is None, "it does not ask each time"
        now[0] += ASK_EVERY
        job = await held_job(inbox)
        assert (job.message.wamid, job.deaths) == ("a", 1)
        assert not list(path.parent.glob("*.owner"))[1:], "that of the killed process is deleted"
        await inbox.aclose()

    now = [1000.0]
    asyncio.run(test())


@pytest.mark.parametrize("step", [ASK_EVERY, -3600.0])
def test_nothing_is_taken_over_from_a_process_that_is_alive(path: Path, step: float) -> None:
    async def test() -> None:
        one, two = await opened(path), await opened(path, clock=lambda: now[0])
        await one.put([message("a")])
        job = await held_job(one)
        for _ in range(3):
            assert await leased(two) is None
            now[0] += step
        await one.finish(job, State.DONE)
        for inbox in (one, two):
            await inbox.aclose()

    now = [20_000.0]
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


def test_nobody_else_can_read_it_and_no_text_stays(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, clock=lambda: now[0])
        await inbox.put([message("a")])
        job = await leased(inbox)
        assert job is not None
        job = replace(job, state=State.ANSWERED, parts=("the answer to it",))
        await inbox.save(job)
        await inbox.finish(job, State.DONE)
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


def test_no_text_stays_of_a_message_that_was_changed(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        await inbox.put([message("a"), message("b", "2"), message("c", "3")])
        jobs = {job.message.wamid: job for job in [await held_job(inbox), await held_job(inbox)]}
        answer = replace(jobs["a"], state=State.ANSWERED, parts=("the answer to a",))
        await inbox.save(answer)
        await inbox.retry(answer, time.time())
        assert await inbox.withdraw("1", "a")  # its answer waits
        assert await inbox.amend("2", "b", "the better b")  # it is being answered
        assert await inbox.withdraw("3", "c")
        await inbox.amend("3", "c", "late text")  # changes may come in any order
        await inbox.withdraw("4", "d")
        await inbox.amend("4", "d", "late text")
        texts = [f"the text of {name}".encode() for name in "abc"] + [b"the answer to a", b"late text"]
        async with asyncio.timeout(20):
            while any(text in held(path) for text in texts):
                await asyncio.sleep(0.1)
                await inbox.waiting()
        assert b"the better b" in held(path)
        await inbox.put([message("d", "4")])
        assert b"the text of d" not in held(path)
        found = {job.message.wamid: job for job in [await held_job(inbox) for _ in "acd"]}
        assert {name: (job.withdrawn, job.message.text) for name, job in found.items()} == dict.fromkeys(
            "acd", (True, None)
        )
        await inbox.aclose()

    asyncio.run(test())


def held(path: Path) -> bytes:
    """All that stands in the inbox's files."""
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_whoever_only_reads_takes_nothing_over(path: Path) -> None:
    async def test() -> None:
        service, operator = await opened(path), await opened(path, capacity=1)
        await service.put([message("a"), message("b", "2")])
        job = await leased(service)
        assert job is not None
        assert await operator.waiting() == 2
        await operator.aclose()
        await service.finish(job, State.DONE)
        await service.aclose()

    asyncio.run(test())


def test_a_full_inbox_keeps_its_dead_letters(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, capacity=1)
        await inbox.put([message("a")])
        await inbox.finish(await held_job(inbox), State.FAILED)
        await inbox.put([message("b")])
        [letter] = await inbox.dead()
        replay, count = asyncio.create_task(inbox.replay(letter.id)), asyncio.create_task(inbox.waiting())
        with pytest.raises(InboxUnavailable, match="full"):
            await replay
        assert (await count, inbox.problem) == (1, "")
        assert await inbox.dead() == [letter]
        assert (await inbox.put([message("a")])).new == 0
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
        assert (await inbox.put([message("kept"), message("new", "2")])).new == 1
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
        assert (await inbox.put([message("late")])).new == 0  # it was kept after all, and Meta's next try finds it
        await inbox.aclose()

    asyncio.run(test())


def test_what_is_asked_while_it_closes_is_done_and_later_refused(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        late = [asyncio.create_task(inbox.put([message(f"w{n}", str(n))])) for n in range(3)]
        closing = asyncio.create_task(inbox.aclose())
        assert [accepted.new for accepted in await asyncio.gather(*late)] == [1, 1, 1]
        await closing
        with pytest.raises(InboxUnavailable, match="closed"):
            await inbox.put([message("later")])

    asyncio.run(test())


def test_the_files_of_processes_that_have_ended_are_deleted(path: Path) -> None:
    async def test() -> None:
        one, two = await opened(path), await opened(path)
        assert await leased(one) is None
        [alive] = path.parent.glob("*.owner")
        killed = path.with_name(f"{path.name}.{'0' * 16}.owner")
        of_another = path.with_name(f"another.{'0' * 16}.owner")
        killed.touch()
        of_another.touch()
        assert await leased(two) is None
        found = set(path.parent.glob("*.owner"))
        assert (alive in found, killed in found, of_another in found, len(found)) == (True, False, True, 3)
        for inbox in (one, two):
            await inbox.aclose()

    asyncio.run(test())


def test_it_can_be_closed_twice(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path)
        assert await leased(inbox) is None
        await inbox.aclose()
        await inbox.aclose()
        assert not list(path.parent.glob("*.owner"))

    asyncio.run(test())


def test_a_change_is_kept_for_a_day_until_its_message_comes(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, clock=lambda: now[0])
        await inbox.amend("1", "a", "better")
        now[0] += KEEP_EARLY - 1
        await inbox.forget()
        await inbox.amend("2", "b", "better")
        await inbox.put([message("a")])
        assert (await held_job(inbox)).message.text == "better"
        now[0] += KEEP_EARLY
        await inbox.forget()
        await inbox.put([message("b", "2")])
        assert (await held_job(inbox)).message == message("b", "2")
        await inbox.aclose()

    now = [1000.0]
    asyncio.run(test())


def test_what_is_remembered_of_a_user_is_deleted_a_day_after_the_last_message(path: Path) -> None:
    profile = Profile((SeenMessage(1, "w", "t"),), {}, "ar", 1)

    async def answered(inbox: SqliteInbox, wamid: str) -> Profile:
        """Answer a message; return what was remembered when it came."""
        await inbox.put([message(wamid)])
        job = await held_job(inbox)
        await inbox.finish(replace(job, profile=profile), State.DONE)
        return job.profile

    async def test() -> None:
        inbox = await opened(path, clock=lambda: now[0])
        assert await answered(inbox, "a") == Profile()
        now[0] += KEEP_PROFILE - 1
        await inbox.forget()
        assert await answered(inbox, "b") == profile
        now[0] += KEEP_PROFILE - 1
        await inbox.forget()
        await inbox.put([message("c")])
        now[0] += KEEP_PROFILE
        await inbox.forget()
        job = await held_job(inbox)
        assert job.profile == profile, "a message waits"
        await inbox.finish(replace(job, profile=Profile()), State.DONE)
        assert await answered(inbox, "d") == Profile(), "what is empty is no longer stored"
        now[0] += KEEP_PROFILE
        await inbox.forget()
        assert await answered(inbox, "e") == Profile()
        await inbox.aclose()

    now = [1000.0]
    asyncio.run(test())


def test_a_dead_letter_has_an_id_without_the_number_of_its_user(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, clock=lambda: now[0])
        await inbox.put([message("wamid.HBgLMTU1NTAwMDAwMDE", "15550000001")])
        now[0] += REMEMBER - 60  # it waited long: the mark of its wamid expires before the letter does
        await inbox.finish(await held_job(inbox), State.FAILED)
        [letter] = await inbox.dead()
        assert letter.id == "1"
        now[0] += 120
        await inbox.forget()
        await inbox.put([message("another", "2")])
        await inbox.finish(await held_job(inbox), State.FAILED)
        assert [each.id for each in await inbox.dead()] == ["1", "2"]
        for other in ("", "3", "-1", "1 ", "\u0661", "9" * 30, letter.message.wamid):
            assert not await inbox.replay(other)
        assert await inbox.replay("1")
        assert (await held_job(inbox)).message == letter.message
        await inbox.aclose()

    now = [1000.0]
    asyncio.run(test())


def test_the_longest_tag_is_short_enough_for_meta(path: Path) -> None:
    user, wamid = f"US.{'u' * 128}", "w" * 400
    assert USER.fullmatch(user)
    assert WAMID.fullmatch(wamid)

    async def test() -> None:
        inbox = await opened(path)
        await inbox.put([message(wamid, user)])
        job = replace(await held_job(inbox), state=State.ANSWERED, parts=("x",) * 99)
        await inbox.finish(job, State.DONE)
        part = 99
        for again in range(3):
            text = inbox.tag(job, part)
            assert len(text) <= 512
            tag = Tag.parse(text)
            assert tag is not None
            assert (tag.part, tag.again) == (part, again)
            assert await inbox.resend(tag, 0)
            job, part = await held_job(inbox), 1
            assert (job.message.kind, job.parts) == (AGAIN, ("x",))
            await inbox.finish(job, State.DONE)
        assert len(inbox.tag(job, 1)) <= 512
        await inbox.aclose()

    asyncio.run(test())


def test_a_part_that_waits_behind_another_job_is_not_due_before_its_time(path: Path) -> None:
    async def test() -> None:
        inbox = await opened(path, clock=lambda: 1000.0)
        await inbox.put([message("a")])
        job = await inbox.lease(1000, 1060)
        assert job is not None
        job = replace(job, state=State.ANSWERED, parts=("x",), sent=1)
        await inbox.save(job)
        tag = Tag.parse(inbox.tag(job, 1))
        assert tag is not None
        assert await inbox.resend(tag, 1100)
        await inbox.finish(job, State.DONE)
        assert await inbox.lease(1099, 1200) is None
        assert await inbox.lease(1100, 1200) is not None
        await inbox.aclose()

    asyncio.run(test())
