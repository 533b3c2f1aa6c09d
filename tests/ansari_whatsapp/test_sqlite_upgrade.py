"""An inbox on disk that an earlier version of the service made loses nothing when this version opens it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from ansari_whatsapp.inbox import DeadLetter, Job, SqliteInbox, State
from ansari_whatsapp.inbox.sqlite.schema import connect, upgrade
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.world import ROOT

VERSION_2: Final = """
CREATE TABLE known (seq INTEGER PRIMARY KEY, wamid TEXT NOT NULL UNIQUE, seen REAL NOT NULL);
CREATE TABLE job (
    seq INTEGER PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER,
    state TEXT NOT NULL, parts TEXT NOT NULL, sent INTEGER NOT NULL, tries INTEGER NOT NULL, failed INTEGER NOT NULL,
    started REAL, due REAL NOT NULL, owner TEXT NOT NULL
);
CREATE INDEX job_due ON job (due, seq);
CREATE INDEX job_user ON job (user, seq);
CREATE TABLE size (jobs INTEGER NOT NULL);
INSERT INTO size SELECT 0;
CREATE TABLE sent (seq INTEGER PRIMARY KEY, user TEXT NOT NULL, parts TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX sent_at ON sent (at);
CREATE TABLE dead (
    wamid TEXT PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER, died REAL NOT NULL,
    parts TEXT NOT NULL, sent INTEGER NOT NULL
);
CREATE INDEX dead_died ON dead (died);
PRAGMA user_version = 2;
"""
ROWS: Final = """
INSERT INTO known VALUES
    (3, 'done', :now), (4, 'a1', :now), (5, 'a2', :now), (6, 'b1', :now), (7, 'dead', :now), (8, 'c1', :now);
INSERT INTO job VALUES
    (4, '1', 'text', 'the text of a1', 17, 'answered', '["x","y"]', 1, 2, 0, 12.5, :now, ''),
    (5, '1', 'text', 'the text of a2', NULL, 'received', '[]', 0, 0, 0, NULL, 1e12, ''),
    (6, '2', 'text', 'the text of b1', NULL, 'processing', '[]', 0, 0, 0, 12.5, :now + 3600, 'of-a-dead-process'),
    (8, '3', 'image', NULL, NULL, 'received', '[]', 0, 0, 0, NULL, :now, '');
UPDATE size SET jobs = 4;
INSERT INTO sent VALUES (3, '4', '["z"]', :now);
INSERT INTO dead VALUES
    ('dead', '5', 'text', 'the text of dead', NULL, :now - 2, '["p","q"]', 1),
    ('expired', '6', 'text', 'the text of expired', NULL, :now - 3, '[]', 0);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An inbox of version 2, with messages in every state."""
    path = tmp_path / "inbox.sqlite3"
    now = {"now": time.time()}
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL").fetchall()
        db.executescript(VERSION_2)
        for statement in filter(str.strip, ROWS.split(";\n")):
            db.execute(statement, {name: value for name, value in now.items() if f":{name}" in statement})
    return path


def test_nothing_of_version_2_is_lost(path: Path) -> None:
    async def test() -> None:
        inbox = SqliteInbox(path)
        await inbox.open()
        assert inbox.problem == ""
        assert await inbox.waiting() == 4
        wamids = ["done", "a1", "a2", "b1", "c1", "dead", "expired"]
        assert (await inbox.put([Message(wamid, "9", "text", "x", None) for wamid in wamids])).new == 0
        letters = await inbox.dead()
        assert [(letter.message.wamid, letter.parts, letter.sent) for letter in letters] == [
            ("expired", (), 0),
            ("dead", ("p", "q"), 1),
        ]
        assert letters[0].message == Message("expired", "6", "text", "the text of expired", None)
        jobs = await drained(inbox)
        a1 = Job(Message("a1", "1", "text", "the text of a1", 17), State.ANSWERED, ("x", "y"), 1, 2, started=12.5)
        assert jobs["a1"] == a1
        assert jobs["a2"] == Job(Message("a2", "1", "text", "the text of a2", None))
        b1 = Job(Message("b1", "2", "text", "the text of b1", None), State.PROCESSING, started=12.5, deaths=1)
        assert jobs["b1"] == b1
        assert jobs["c1"] == Job(Message("c1", "3", "image", None, None))
        await replayed(inbox, letters)
        await inbox.aclose()

    asyncio.run(test())


async def drained(inbox: SqliteInbox) -> dict[str, Job]:
    jobs: dict[str, Job] = {}
    while (job := await inbox.lease(time.time(), time.time() + 60)) is not None:
        jobs[job.message.wamid] = job
        await inbox.finish(job, State.DONE)
    assert await inbox.waiting() == 0
    return jobs


async def replayed(inbox: SqliteInbox, letters: Sequence[DeadLetter]) -> None:
    for letter in letters:
        assert await inbox.replay(letter.id)
    assert (await inbox.put([Message("new", "9", "text", "x", None)])).new == 1
    assert sorted(await drained(inbox)) == ["dead", "expired", "new"]


def test_a_kill_during_the_upgrade_changes_nothing(path: Path) -> None:
    code = """
import os, sqlite3, sys
from ansari_whatsapp.inbox.sqlite.schema import upgrade
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")  # so that pages are written before the commit
db.execute("BEGIN IMMEDIATE")
upgrade(db)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        assert db.execute("SELECT count(*) FROM dead WHERE wamid = 'dead'").fetchone() == (1,)
    test_nothing_of_version_2_is_lost(path)


def test_an_upgraded_inbox_has_the_tables_of_a_new_one(path: Path, tmp_path: Path) -> None:
    with closing(connect(path)) as upgraded, closing(connect(tmp_path / "new.sqlite3")) as new:
        assert shape(upgraded) == shape(new)
        upgrade(new)  # once more, as when two processes start at once
        assert shape(upgraded) == shape(new)


def shape(db: sqlite3.Connection) -> dict[str, list[object]]:
    """The columns of each table, and of each index."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema ORDER BY name")]
    return {
        name: db.execute(f"PRAGMA table_xinfo({name})").fetchall()
        + db.execute(f"PRAGMA index_xinfo({name})").fetchall()
        for name in names
    }


def test_the_upgrade_leaves_no_second_copy_of_a_text(path: Path) -> None:
    connect(path).close()
    stored = b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))
    assert stored.count(b"the text of dead") == 1
