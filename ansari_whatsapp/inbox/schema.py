"""The inbox's tables, and how its file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from ansari_whatsapp.inbox.base import InboxUnavailable

VERSION: Final = 2

SCHEMA: Final = f"""
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
PRAGMA user_version = {VERSION};
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database at `path`; create it if it is absent. Raises sqlite3.Error or OSError if it cannot be used.

    A commit returns when it is on the disk (synchronous=FULL), and deleted content is overwritten.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -8000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
        connection.execute("COMMIT")
        _check(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, version: int) -> None:
    if version not in {0, VERSION}:
        raise InboxUnavailable(f"this inbox was made by another version of the service: {version}")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise InboxUnavailable(f"the inbox is damaged: {found}")
