"""The inbox's tables, and how its file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from ansari_whatsapp.inbox.base import InboxUnavailable

VERSION: Final = 3

# `job.lease` counts the leases of a job; the last of them has not ended while `owner` is not ''.
# `counts.seq` is the last number that was given to a message: no number is given twice.
SCHEMA: Final = f"""
CREATE TABLE known (seq INTEGER PRIMARY KEY, wamid TEXT NOT NULL UNIQUE, seen REAL NOT NULL);
CREATE TABLE job (
    seq INTEGER PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER,
    state TEXT NOT NULL, parts TEXT NOT NULL, sent INTEGER NOT NULL, tries INTEGER NOT NULL, failed INTEGER NOT NULL,
    started REAL, due REAL NOT NULL, owner TEXT NOT NULL, lease INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0, withdrawn INTEGER NOT NULL DEFAULT 0, edits INTEGER NOT NULL DEFAULT 0,
    status TEXT, unsure INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX job_due ON job (due, seq);
CREATE INDEX job_user ON job (user, seq);
CREATE INDEX job_owner ON job (owner) WHERE owner <> '';
CREATE TABLE counts (jobs INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0);
INSERT INTO counts SELECT 0, 0;
CREATE TABLE sent (seq INTEGER PRIMARY KEY, user TEXT NOT NULL, parts TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX sent_at ON sent (at);
CREATE TABLE dead (
    seq INTEGER PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER, died REAL NOT NULL,
    parts TEXT NOT NULL, sent INTEGER NOT NULL
);
CREATE INDEX dead_died ON dead (died);
CREATE TABLE early (wamid TEXT PRIMARY KEY, text TEXT, at REAL NOT NULL);
CREATE INDEX early_at ON early (at);
CREATE TABLE profile (user TEXT PRIMARY KEY, profile TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX profile_at ON profile (at);
PRAGMA user_version = {VERSION};
"""

# From version 2, whose dead letters were found by their wamids.
UPGRADE: Final = f"""
ALTER TABLE job ADD COLUMN lease INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN status TEXT;
ALTER TABLE job ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;
CREATE INDEX job_owner ON job (owner) WHERE owner <> '';
INSERT OR IGNORE INTO known (wamid, seen) SELECT wamid, died FROM dead ORDER BY died;
ALTER TABLE size RENAME TO counts;
ALTER TABLE counts ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE counts SET seq = (SELECT max(seq) FROM (SELECT 0 AS seq UNION SELECT seq FROM known UNION SELECT seq FROM sent));
ALTER TABLE dead RENAME TO dead_2;
DROP INDEX dead_died;
CREATE TABLE dead (
    seq INTEGER PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, timestamp INTEGER, died REAL NOT NULL,
    parts TEXT NOT NULL, sent INTEGER NOT NULL
);
CREATE INDEX dead_died ON dead (died);
INSERT INTO dead SELECT seq, user, kind, text, timestamp, died, parts, sent FROM dead_2 JOIN known USING (wamid)
    WHERE seq NOT IN (SELECT seq FROM job);
DROP TABLE dead_2;
CREATE TABLE early (wamid TEXT PRIMARY KEY, text TEXT, at REAL NOT NULL);
CREATE INDEX early_at ON early (at);
CREATE TABLE profile (user TEXT PRIMARY KEY, profile TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX profile_at ON profile (at);
PRAGMA user_version = {VERSION};
"""  # noqa: S608 -- a number of this file


def connect(path: Path) -> sqlite3.Connection:
    """Open the database at `path`; create or upgrade it if needed. Raises sqlite3.Error or OSError if it is unusable.

    A commit returns when it is on the disk (synchronous=FULL), and deleted content is overwritten.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -8000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        upgrade(connection)
        connection.execute("COMMIT")
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def upgrade(connection: sqlite3.Connection) -> None:
    """Make the tables of this version, in the caller's transaction; leave those of an unknown version as they are."""
    statements = {0: SCHEMA, 2: UPGRADE}.get(_version(connection), "")
    for statement in filter(str.strip, statements.split(";\n")):
        connection.execute(statement)


def _check(connection: sqlite3.Connection) -> None:
    if (version := _version(connection)) != VERSION:
        raise InboxUnavailable(f"this inbox was made by another version of the service: {version}")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise InboxUnavailable(f"the inbox is damaged: {verdict}")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
