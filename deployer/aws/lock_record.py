"""The record in a lock: its holder and purpose, its expiry, and the deployment under way."""

from __future__ import annotations

import json
import os
import secrets
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from deployer.core.observed import ObservedLock
from deployer.core.record_format import STAMP, NewerFormat, refuse_newer
from deployer.errors import StateUnknown

UNREADABLE = "unreadable"
EXPIRES_AFTER = timedelta(minutes=10)


class Record(Struct, frozen=True):
    """The record of a lock. Times are ISO 8601 in UTC; `operation` is the platform's id, "" before it has given one.

    `release`, `content`, `image` and `tag` are those of the deployment that is about to be started, "" before that.
    """

    id: str
    holder: str
    verb: str
    host: str
    pid: int
    started: int
    since: str
    beat: str
    expires: str
    release: str = ""
    content: str = ""
    image: str = ""
    tag: str = ""
    operation: str = ""

    @property
    def over(self) -> bool:
        """Expired, or held by a process of this machine that is gone."""
        if datetime.fromisoformat(self.expires) <= datetime.now(UTC):
            return True
        return self.host == socket.gethostname() and process_start(self.pid) != self.started

    def observed(self) -> ObservedLock:
        where = f"process {self.pid} on {self.host}"
        return ObservedLock(self.id, self.holder, where, self.since, self.beat, self.release, self.operation, self.over)

    def text(self) -> str:
        return json.dumps({**asdict(self), **STAMP}, sort_keys=True)

    def beating(self) -> Record:
        """This record with a new heartbeat, and the expiry that follows from it."""
        now = datetime.now(UTC)
        return replace(self, beat=_written(now), expires=_written(now + EXPIRES_AFTER))

    def ended(self) -> Record:
        """This record, expired from now on."""
        now = _written(datetime.now(UTC))
        return replace(self, beat=now, expires=now)


def mine(who: str, verb: str) -> Record:
    """A record of this process."""
    pid, now = os.getpid(), _written(datetime.now(UTC))
    return Record(
        id=secrets.token_hex(6),
        holder=who,
        verb=verb,
        host=socket.gethostname(),
        pid=pid,
        started=process_start(pid),
        since=now,
        beat=now,
        expires=now,
    ).beating()


def parsed(text: str) -> Record:
    """Parse a lock; unknown fields are ignored. Raises StateUnknown when it is not a lock, or in a newer format."""
    try:
        fields = json.loads(text)
        refuse_newer(fields, "the lock of this environment")
        return Record(**{name: value for name, value in fields.items() if name in Record.__struct_fields__})
    except NewerFormat as error:
        raise StateUnknown(error.what, why=error.why, fix=error.fix) from None
    except (TypeError, ValueError, AttributeError):
        raise StateUnknown("the lock of this environment holds something that is not a lock") from None


def observed_lock(text: str) -> ObservedLock:
    """Parse a lock. A lock that cannot be read is held by an unknown user until it is broken."""
    try:
        return parsed(text).observed()
    except StateUnknown:
        return ObservedLock(UNREADABLE, "unknown", "the lock cannot be read", "?", "?", "", "", over=False)


def process_start(pid: int) -> int:
    """When a process of this machine was started, in clock ticks since boot; 0 when there is none.

    A process number can be reused; together with its start it is unique. A zombie has ended. Where there is no /proc, a
    process that exists counts as started at 1.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if fields[0] in {"Z", "X"} else int(fields[19])
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return 0
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return 0
    except PermissionError:
        return 1
    return 1


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
