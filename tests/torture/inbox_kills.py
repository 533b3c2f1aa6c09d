"""Kill a process that uses an inbox on disk before each of its SQL statements, and check what the next one finds.

Run as a script with a folder and a step: 1 for each statement, 2 for every other one. It prints the statement at which
nothing was left to kill. It is a process of its own because it forks.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansari_whatsapp.inbox import Changed, Job, Profile, SqliteInbox, State
from ansari_whatsapp.webhook import Message, Status

ANSWERED = State.ANSWERED
NOW = 1000.0
A, B, C = "15550000001", "15550000002", "15550000003"


@dataclass
class Acknowledged:
    """What the killed process was told to be stored, by wamid. `ending` are the jobs that it began to finish."""

    put: set[str] = field(default_factory=set)
    texts: dict[str, str | None] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    ending: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)

    def read(self, lines: Sequence[str]) -> None:
        for line in lines:
            kind, wamid, *rest = line.split()
            match kind:
                case "put" | "ending" | "done" | "dead":
                    getattr(self, kind).add(wamid)
                case "text":
                    self.texts[wamid] = rest[0] if rest else None
                case "sent":
                    self.sent[wamid] = int(rest[0])
                case _:
                    raise AssertionError(line)


async def use(inbox: SqliteInbox, note: Callable[[str], None]) -> None:
    """Use every operation of the inbox, and note what it acknowledged."""

    async def put(*messages: Message) -> None:
        await inbox.put(messages)
        for each in messages:
            note(f"put {each.wamid}")

    async def take() -> Job:
        job = await inbox.lease(NOW, NOW + 60)
        assert job is not None
        return job

    async def save(job: Job, **more: Any) -> Job:
        job = replace(job, **more)
        await inbox.save(job)
        if job.state is ANSWERED:
            note(f"sent {job.message.wamid} {job.sent}")
        return job

    async def finish(job: Job, state: State) -> None:
        note(f"ending {job.message.wamid}")
        await inbox.finish(job, state)
        note(f"{'done' if state is State.DONE else 'dead'} {job.message.wamid}")

    await inbox.amend(C, "c1", "early")
    note("text c1 early")
    await put(message("a1", A), message("a2", A), message("b1", B))
    await put(message("c1", C))
    jobs = {job.message.wamid: job for job in (await take(), await take(), await take())}
    job = await save(jobs["a1"], state=State.PROCESSING, started=NOW, profile=Profile(language="ar"))
    job = await save(job, state=ANSWERED, parts=("x", "y"))
    await inbox.settle(Status("out", "sent", inbox.tag(job, 1), None))
    job = await save(job, sent=1)
    await inbox.retry(job, NOW)
    await inbox.amend(A, "a2", "better")
    note("text a2 better")
    await inbox.withdraw(B, "b1")
    note("text b1")
    try:
        await inbox.save(replace(jobs["b1"], state=ANSWERED, parts=("to what was withdrawn",)))
        raise AssertionError
    except Changed as changed:
        await finish(changed.job, State.DONE)
    await inbox.give_back(jobs["c1"])
    await finish(await take(), State.FAILED)  # c1: what was given back comes first
    job = await take()
    job = await save(job, sent=2)
    await finish(job, State.DONE)
    await inbox.forget()


async def check(inbox: SqliteInbox, said: Acknowledged) -> None:
    """Finish what is there, and compare it with what was acknowledged."""
    dead = {letter.message.wamid for letter in await inbox.dead()}
    found: dict[str, Job] = {}
    while (job := await inbox.lease(NOW, NOW + 60)) is not None:
        assert job.message.wamid not in found, "leased twice"
        found[job.message.wamid] = job
        await inbox.finish(job, State.DONE)
    assert said.put <= found.keys() | dead | said.ending, "lost"
    assert not found.keys() & (said.done | said.dead), "a finished job came again"
    assert not found.keys() & dead
    assert said.dead <= dead
    for wamid, text in said.texts.items():
        if wamid in found:
            assert found[wamid].message.text == text, "a change was lost"
            assert found[wamid].withdrawn is (text is None)
    for wamid, sent in said.sent.items():
        if wamid in found:
            assert found[wamid].state is ANSWERED, "an answer was lost"
            assert found[wamid].sent >= sent, "a part would be repeated"
    assert await inbox.waiting() == 0
    if said.put:
        assert (await inbox.put([message(wamid, A) for wamid in said.put])).new == 0


def message(wamid: str, user: str) -> Message:
    return Message(wamid, user, "text", f"the-text-of-{wamid}", None)


def killed_before(statement: int, path: Path, notes: Path) -> bool:
    """Use an inbox in a process that is killed before that statement. Returns False if it ended before."""

    async def run() -> None:
        file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        inbox = SqliteInbox(path, clock=lambda: NOW)
        await inbox.open()
        left = itertools.count(statement, -1)

        def count(_: str) -> None:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def trace(db: sqlite3.Connection, asked: Sequence[None]) -> list[None]:
            db.set_trace_callback(count)
            return [None] * len(asked)

        await inbox._writer.run(trace)  # noqa: SLF001 -- the connection belongs to the writer
        await use(inbox, lambda line: _written(file, line))

    return forked(run) == -signal.SIGKILL


def checked(path: Path, notes: Path) -> None:
    async def run() -> None:
        inbox = SqliteInbox(path, clock=lambda: NOW)
        await inbox.open()
        await check(inbox, said)
        await inbox.aclose()

    said = Acknowledged()
    said.read(notes.read_text(encoding="utf-8").splitlines())
    assert forked(run) == 0


def _written(file: int, line: str) -> None:
    os.write(file, f"{line}\n".encode())


def forked(test: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run a test in a process of its own; return its exit code."""
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        try:
            asyncio.run(test())
        except BaseException:  # noqa: BLE001 -- whatever it is, this process must not go on as its parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    folder, step = Path(sys.argv[1]), int(sys.argv[2])
    for statement in itertools.count(0, step):
        path, notes = folder / str(statement) / "inbox.sqlite3", folder / f"{statement}.notes"
        notes.touch()
        was_killed = killed_before(statement, path, notes)
        checked(path, notes)
        if not was_killed:
            assert "dead c1\n" in notes.read_text(encoding="utf-8"), "the whole use was reached"
            sys.stdout.write(f"{statement}\n")
            return


if __name__ == "__main__":
    main()
