"""The lock of an environment: an SSM parameter that only one caller can create.

It records its holder and purpose, and is written again every minute, so that it can expire soon after its holder is
gone. Its record of a deployment under way lets the next run continue from there. While it is held, every AWS write of
the session first proves that it still is: `deployer.aws.fence`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from msgspec.structs import replace

from deployer.aws import lock_record
from deployer.aws.errors import only
from deployer.aws.fresh import ATTEMPTS, FRESH, read_fresh
from deployer.aws.lock_record import Record
from deployer.aws.ssm import read as read_parameters
from deployer.core.observed import ObservedLock
from deployer.core.person import person_name
from deployer.errors import LockLost, Refused, StateUnknown
from deployer.explain import defect, explain_error

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

    from deployer.aws.session import Session

BEAT = 60.0  # seconds between two heartbeats
BROKEN = "it was broken: just unlock, by another user"


class HeldLock:
    """The lock while this run holds it. `previous` is the record of an earlier run that never released it."""

    def __init__(self, ssm: SSMClient, name: str, record: Record, version: int, previous: Record | None) -> None:
        self._ssm, self._name = ssm, name
        self._record, self._version = record, version
        self._guard = threading.RLock()
        self.previous = previous

    def intend(self, *, release: str, content: str, image: str, tag: str) -> None:
        """Record which deployment is about to be started, before it starts. Raises LockLost."""
        self._write(replace(self._record, release=release, content=content, image=image, tag=tag, operation=""))

    def started(self, operation: str) -> None:
        """Record the operation that the deployment became. Raises LockLost."""
        self._write(replace(self._record, operation=operation))

    def settled(self) -> None:
        """Record that the deployment has ended and is recorded, or never started: no run has to continue it."""
        with self._guard:
            self._record = replace(self._record, release="", content="", image="", tag="", operation="")

    @property
    def under_way(self) -> str | None:
        """The operation that was started and has not ended, "" while its id is not known; None when there is none."""
        return self._record.operation if self._record.release else None

    def prove(self) -> None:
        """Return only when a read made now shows that this run still holds the lock.

        Raises LockLost when it does not, StateUnknown when AWS answers too slowly to know. A lease that was not renewed
        in time is renewed first: no other run can then take it over before the write that follows.
        """
        for _ in range(ATTEMPTS):
            if self._late:
                self.beat()  # this machine was asleep
            with self._guard:
                read_fresh(self._confirm)
            if not self._late:
                return
        raise StateUnknown("this machine keeps going to sleep, so this run stopped before its next change")

    @property
    def _late(self) -> bool:
        return datetime.fromisoformat(self._record.beat) + timedelta(seconds=2 * BEAT) < datetime.now(UTC)

    def beat(self) -> None:
        """Write the heartbeat: the same record with a later expiry. Raises LockLost."""
        self._write(self._record)

    def release(self) -> None:
        """Delete the lock, if this run still holds it.

        While a deployment is under way it is left behind instead, expired: the next run reads its record.
        """
        with suppress(LockLost):
            if self._record.release:
                self._write(self._record, over=True)
                return
            with self._guard:
                read_fresh(self._confirm)
                self._ssm.delete_parameter(Name=self._name)

    def refuse_another(self, other: Record, version: int) -> None:
        """Raise Refused unless this run's first version took over the lock that was seen, and no other run's.

        The lock is then left to no run: a run that it was taken from by mistake notices at its next write.
        """
        if self._version == 1:  # it was broken in the meantime, and this run created it
            self.previous = None
            return
        before = None
        with suppress(ClientError):
            before = self._ssm.get_parameter(Name=f"{self._name}:{self._version - 1}")["Parameter"]["Value"]
        if self._version == version + 1 and before is not None and lock_record.observed_lock(before).id == other.id:
            return
        self._discard()
        raise held_by(lock_record.observed_lock(before) if before else other.observed(), self._name)

    def _write(self, record: Record, *, over: bool = False) -> None:
        """Write the next version of the lock. Raises LockLost when another version came between.

        A write that another run's `just unlock` overtook creates the lock once more: it is deleted again.
        """
        with self._guard:
            read_fresh(self._confirm)
            self._record = record.ended() if over else record.beating()
            version = _put(self._ssm, self._name, self._record, overwrite=True)
            try:
                self._adopt(version, least=self._version + 1)
            except LockLost:
                self._discard()
                raise

    def _confirm(self) -> None:
        """Raise LockLost unless this run wrote the newest version, and each one since the last it knows of."""
        try:
            stored = self._ssm.get_parameter(Name=self._name)["Parameter"]
        except ClientError as error:
            only(error, "ParameterNotFound")
            raise self._lost(BROKEN) from None
        self._check(stored["Value"], "holds it since")
        self._adopt(stored["Version"], least=self._version)

    def _adopt(self, version: int, *, least: int) -> None:
        """Take a version as the newest: `least` or a later one, and each one since the last known is this run's.

        One more than expected is a repeated request of this run, or another run's write. A lock that was broken and
        taken counts its versions from one, so the last known version is read again too.
        """
        if version < least:
            raise self._lost(BROKEN)
        for between in range(self._version, version):
            try:
                stored = self._ssm.get_parameter(Name=f"{self._name}:{between}")["Parameter"]
            except ClientError as error:
                only(error, "ParameterNotFound", "ParameterVersionNotFound")
                raise self._lost(BROKEN) from None
            self._check(stored["Value"], "took it at")
        self._version = version

    def _check(self, text: str, did: str) -> None:
        holder = lock_record.observed_lock(text)
        if holder.id != self._record.id:
            raise self._lost(f"{person_name(holder.holder)} ({holder.where}) {did} {holder.since}")

    def _discard(self) -> None:
        """Delete a lock that names this run as its holder by mistake."""
        with suppress(ClientError):
            stored = self._ssm.get_parameter(Name=self._name)["Parameter"]
            if lock_record.observed_lock(stored["Value"]).id == self._record.id:
                self._ssm.delete_parameter(Name=self._name)

    def _lost(self, why: str) -> LockLost:
        return LockLost(_environment(self._name), why)


@contextmanager
def hold(session: Session, ledger: str, *, who: str, verb: str, warn: Callable[[str], None]) -> Iterator[HeldLock]:
    """Hold the environment's lock; each write of the session's clients inside the block proves it first.

    Raises Refused when another run holds it, and LockLost from the write that finds it lost. A StateUnknown of the
    block becomes LockLost when the lock is lost: what this run saw was another run's doing. `warn` is called when the
    lock could not be deleted at the end.

    Creating with Overwrite=false succeeds for one caller only. A lock that has expired is taken by overwriting it; that
    counts only if the version that comes back is the one after the version that was seen.
    """
    name = parameter(ledger)
    held = _take(session.lock_ssm, name, lock_record.mine(who, verb))
    stop = threading.Event()
    heart = threading.Thread(target=_beat, args=(held, stop), daemon=True)
    heart.start()
    try:
        with session.fence.guarded_by(held.prove):
            try:
                yield held
            except StateUnknown as error:
                if not isinstance(error, LockLost) and (lost := _lost_meanwhile(held)):
                    raise lost from error
                raise
    finally:
        stop.set()
        heart.join(timeout=5)
        # The changes are made, whether or not the lock is deleted: it ends with this process, or expires by itself.
        try:
            held.release()
        except StateUnknown as error:
            warn(f"the lock was not deleted; it expires by itself: {error.what}")
        except Exception as error:  # noqa: BLE001 -- not even a defect here undoes what was done
            warn(f"the lock could not be deleted; it expires by itself: {(explain_error(error) or defect(error)).what}")


def _lost_meanwhile(held: HeldLock) -> LockLost | None:
    """How the lock was lost; None if it is held, or if that cannot be read: the error at hand is reported then."""
    try:
        held.prove()
    except LockLost as lost:
        return lost
    except Exception:  # noqa: BLE001 -- see above
        return None
    return None


def parameter(ledger: str) -> str:
    """The name of the lock's parameter."""
    return f"{ledger}/lock"


def read(ssm: SSMClient, ledger: str) -> ObservedLock | None:
    """The lock there is, or None."""
    stored = read_parameters(ssm, [parameter(ledger)]).get(parameter(ledger))
    return lock_record.observed_lock(stored.value or "") if stored else None


def break_it(ssm: SSMClient, ledger: str, lock: ObservedLock) -> bool:
    """Delete the lock that was shown; False when it is gone or another lock has replaced it.

    Returns only when the holder's last proof is too old to act on: no write of the holder follows.
    """
    now = read_fresh(lambda: read(ssm, ledger))
    if now is None or now.id != lock.id:
        return False
    ssm.delete_parameter(Name=parameter(ledger))
    time.sleep(FRESH)
    return True


def _take(ssm: SSMClient, name: str, record: Record) -> HeldLock:
    try:
        return HeldLock(ssm, name, record, _put(ssm, name, record, overwrite=False), None)
    except ClientError as error:
        only(error, "ParameterAlreadyExists")
    try:
        other = read_fresh(lambda: ssm.get_parameter(Name=name)["Parameter"])
    except ClientError as error:  # released just now
        only(error, "ParameterNotFound")
        return HeldLock(ssm, name, record, _put(ssm, name, record, overwrite=False), None)
    holder = _holder(other["Value"], name)
    if holder.id != record.id:  # a repeated request may find what its first attempt has written
        if not holder.over:
            raise held_by(holder.observed(), name)
        version = _put(ssm, name, record, overwrite=True)
        taken = HeldLock(ssm, name, record, version, holder)
        taken.refuse_another(holder, other["Version"])
        return taken
    return HeldLock(ssm, name, record, other["Version"], None)


def held_by(lock: ObservedLock, name: str) -> Refused:
    """The error that names the holder; `name` is that of the parameter, below the ledger of its environment."""
    environment = _environment(name)
    doing = f"release {lock.release}" if lock.release else "a change"
    return Refused(
        f"{person_name(lock.holder)} ({lock.where}) is working on this environment since {lock.since}: {doing}",
        why=f"its last heartbeat was at {lock.beat}; the lock expires ten minutes after that",
        fix=f"wait until it is done; a lock that is left behind is shown and broken by: just unlock {environment}",
    )


def _beat(held: HeldLock, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with suppress(Exception):  # the next beat tries again, and a lock that has expired is seen by check()
            held.beat()


def _put(ssm: SSMClient, name: str, record: Record, *, overwrite: bool) -> int:
    text = record.text()
    return ssm.put_parameter(Name=name, Value=text, Type="String", Tier="Standard", Overwrite=overwrite)["Version"]


def _environment(name: str) -> str:
    """The environment of a lock's parameter, whose name is below the ledger of that environment."""
    return name.split("/")[-2]


def _holder(text: str, name: str) -> Record:
    """The holder of a lock. Raises Refused when the lock cannot be read: then only `just unlock` removes it."""
    try:
        return lock_record.parsed(text)
    except StateUnknown as error:
        show = f"show and break it with: just unlock {_environment(name)}"
        raise Refused(error.what, why=error.why, fix=f"{error.fix}; {show}" if error.fix else show) from None
