"""One writer per environment: an SSM parameter that only one caller can create.

It carries who holds it and what for, and is written again every minute, so that it can expire soon after its holder is
gone. What it says of a deployment under way lets the next run go on from there.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct
from msgspec.structs import asdict, replace

from deployer.aws.errors import only
from deployer.core.facts import LockFact
from deployer.errors import Refused, StateUnknown

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

UNREADABLE = "unreadable"
BEAT = 60.0  # seconds between two heartbeats
EXPIRES_AFTER = timedelta(minutes=10)


class Body(Struct, frozen=True):
    """What the lock says. Times are ISO 8601 in UTC; `operation` is the platform's id once it has given one.

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

    def fact(self) -> LockFact:
        where = f"process {self.pid} on {self.host}"
        return LockFact(self.id, self.holder, where, self.since, self.beat, self.release, self.operation, self.over)


class Held:
    """The lock while it is ours. `previous` is what a run said that never gave it back."""

    def __init__(self, ssm: SSMClient, name: str, body: Body, version: int, previous: Body | None) -> None:
        self._ssm, self._name = ssm, name
        self._body, self._version = body, version
        self._guard = threading.Lock()
        self._lost = False
        self.previous = previous

    def intend(self, *, release: str, content: str, image: str, tag: str) -> None:
        """Say which deployment is about to be started, before it is."""
        self._write(replace(self._body, release=release, content=content, image=image, tag=tag, operation=""))

    def started(self, operation: str) -> None:
        """Say which operation it became."""
        self._write(replace(self._body, operation=operation))

    def settled(self) -> None:
        """The deployment has ended and is recorded, or was never started: nobody has to go on from there."""
        with self._guard:
            self._body = replace(self._body, release="", content="", image="", tag="", operation="")

    @property
    def under_way(self) -> str | None:
        """The operation that was started and has not ended, "" while its id is not known; None when there is none."""
        return self._body.operation if self._body.release else None

    def check(self) -> None:
        """Call it before every change. Raises StateUnknown when the lock is no longer ours."""
        if datetime.fromisoformat(self._body.beat) + timedelta(seconds=2 * BEAT) < datetime.now(UTC):
            self.beat()  # this machine has slept
        if self._lost:
            raise StateUnknown(
                "somebody took this run's lock; it stopped before its next change",
                fix="find out who works on this environment, then run again",
            )

    def beat(self) -> None:
        """The heartbeat: the same again, with a later expiry."""
        self._write(self._body)

    def release(self) -> None:
        """Give the lock back, if it is still ours.

        While a deployment is under way it is left behind instead, over at once: the next run reads what it says.
        """
        if self._body.release:
            self._write(self._body, over=True)
            return
        with self._guard:
            if self._is_ours():
                self._ssm.delete_parameter(Name=self._name)

    def _write(self, body: Body, *, over: bool = False) -> None:
        """Every write is the version after the last one; if it is not, somebody else has written."""
        with self._guard:
            self._lost = self._lost or not self._is_ours()
            if self._lost:
                return
            self._body = _stamped(body, over=over)
            version = _put(self._ssm, self._name, self._body, overwrite=True)
            self._lost = any(self._foreign(between) for between in range(self._version + 1, version))
            self._version = version

    def _is_ours(self) -> bool:
        """Looked at before every write: a lock that was broken and taken anew counts its versions from one again."""
        try:
            found = self._ssm.get_parameter(Name=self._name)["Parameter"]
        except ClientError as error:
            only(error, "ParameterNotFound")
            return False
        return found["Version"] == self._version and _parsed(found["Value"]).id == self._body.id

    def _foreign(self, version: int) -> bool:
        """Whether somebody else wrote this version. A request that was repeated may have written two of ours."""
        found = self._ssm.get_parameter(Name=f"{self._name}:{version}")["Parameter"]
        return _parsed(found["Value"]).id != self._body.id


@contextmanager
def hold(ssm: SSMClient, ledger: str, *, who: str, verb: str) -> Iterator[Held]:
    """Hold the environment's lock. Raises Refused when another run holds it.

    Creating with Overwrite=false succeeds for one caller only. A lock that is over is taken by overwriting it; that
    counts only if the version that comes back is the one after the version that was seen.
    """
    name = parameter(ledger)
    held = _take(ssm, name, _new(who, verb))
    stop = threading.Event()
    heart = threading.Thread(target=_beat, args=(held, stop), daemon=True)
    heart.start()
    try:
        yield held
    finally:
        stop.set()
        heart.join(timeout=5)
        # What was done is done, whatever becomes of the lock: it is over when this process is, or expires by itself.
        with suppress(ClientError, BotoCoreError):
            held.release()


def parameter(ledger: str) -> str:
    """The name of the parameter that is the lock."""
    return f"{ledger}/lock"


def fact(text: str) -> LockFact:
    """What a lock says; one that nobody can read is held by `somebody unknown`, until it is broken."""
    try:
        return _parsed(text).fact()
    except StateUnknown:
        return LockFact(UNREADABLE, "somebody unknown", "the lock cannot be read", "?", "?", "", "", over=False)


def read(ssm: SSMClient, ledger: str) -> LockFact | None:
    """The lock there is, or None."""
    found = ssm.get_parameters(Names=[parameter(ledger)])["Parameters"]
    return fact(found[0]["Value"]) if found else None


def break_it(ssm: SSMClient, ledger: str, lock: LockFact) -> bool:
    """Delete the lock that was looked at; False when it is gone or another one by now."""
    now = read(ssm, ledger)
    if now is None or now.id != lock.id:
        return False
    ssm.delete_parameter(Name=parameter(ledger))
    return True


def process_start(pid: int) -> int:
    """When a process of this machine was started, in clock ticks since boot; 0 when there is none.

    A process number is given out again; together with its start it is not. A zombie has ended. Where there is no
    /proc, a process that exists counts as started at 1.
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


def _take(ssm: SSMClient, name: str, body: Body) -> Held:
    try:
        return Held(ssm, name, body, _put(ssm, name, body, overwrite=False), None)
    except ClientError as error:
        only(error, "ParameterAlreadyExists")
    try:
        seen = ssm.get_parameter(Name=name)["Parameter"]
    except ClientError as error:  # given back in this moment
        only(error, "ParameterNotFound")
        return Held(ssm, name, body, _put(ssm, name, body, overwrite=False), None)
    holder = _holder(seen["Value"], name)
    if holder.id != body.id:  # a repeated request may find what its first attempt wrote
        if not holder.over:
            raise held_by(holder.fact(), name)
        version = _put(ssm, name, body, overwrite=True)
        if version != seen["Version"] + 1:
            raise held_by(_parsed(ssm.get_parameter(Name=name)["Parameter"]["Value"]).fact(), name)
        return Held(ssm, name, body, version, holder)
    return Held(ssm, name, body, seen["Version"], None)


def held_by(lock: LockFact, name: str) -> Refused:
    """The refusal that names the holder; `name` is that of the parameter, below the ledger of its environment."""
    environment = _environment(name)
    doing = f"release {lock.release}" if lock.release else "a change"
    return Refused(
        f"{lock.holder} ({lock.where}) is working on this environment since {lock.since}: {doing}",
        why=f"its last sign of life was at {lock.beat}; the lock expires ten minutes after that",
        fix=f"wait until it is done; a lock that is left behind is shown and broken by: just unlock {environment}",
    )


def _beat(held: Held, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with suppress(Exception):  # the next beat tries again, and a lock that has expired is seen by check()
            held.beat()


def _new(who: str, verb: str) -> Body:
    pid, now = os.getpid(), _now()
    body = Body(
        id=secrets.token_hex(6),
        holder=who,
        verb=verb,
        host=socket.gethostname(),
        pid=pid,
        started=process_start(pid),
        since=now,
        beat=now,
        expires=now,
    )
    return _stamped(body, over=False)


def _stamped(body: Body, *, over: bool) -> Body:
    now = datetime.now(UTC)
    expires = now if over else now + EXPIRES_AFTER
    return replace(body, beat=_now(), expires=expires.isoformat(timespec="seconds"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _put(ssm: SSMClient, name: str, body: Body, *, overwrite: bool) -> int:
    text = json.dumps(asdict(body), sort_keys=True)
    return ssm.put_parameter(Name=name, Value=text, Type="String", Tier="Standard", Overwrite=overwrite)["Version"]


def _environment(name: str) -> str:
    """That of a lock's parameter, which stands below the ledger of its environment."""
    return name.split("/")[-2]


def _holder(text: str, name: str) -> Body:
    """Raises Refused when nobody can read it: it is taken over by breaking it, not by guessing."""
    try:
        return _parsed(text)
    except StateUnknown as error:
        raise Refused(error.what, fix=f"show and break it with: just unlock {_environment(name)}") from None


def _parsed(text: str) -> Body:
    try:
        return Body(**json.loads(text))
    except (TypeError, ValueError):
        raise StateUnknown("the lock of this environment holds something that is no lock") from None
