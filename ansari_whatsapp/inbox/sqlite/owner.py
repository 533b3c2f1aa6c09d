"""The owner of leases: which process holds a lease, and whether that process is still alive."""

from __future__ import annotations

import fcntl
import glob
import os
import secrets
from pathlib import Path


class Owner:
    """A unique name of this process. It is alive while its file is locked: the system unlocks it with the process."""

    def __init__(self, inbox: Path) -> None:
        self.name = secrets.token_hex(8)
        self._path = _file(inbox, self.name)
        unlocked = self._path.with_suffix(".new")  # so that a file with the final name is locked from its first moment
        self._file = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        unlocked.rename(self._path)

    def close(self) -> None:
        """Unlock and delete the file of the name."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def is_gone(inbox: Path, name: str) -> bool:
    """Return whether the process of that name has ended, for any reason."""
    path = _file(inbox, name)
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(file)


def delete_files_of_gone(inbox: Path) -> None:
    """Delete the files of processes that have ended; most of them had no lease then."""
    for path in inbox.parent.glob(f"{glob.escape(inbox.name)}.*.owner"):
        is_gone(inbox, path.name.removeprefix(f"{inbox.name}.").removesuffix(".owner"))


def _file(inbox: Path, name: str) -> Path:
    return inbox.with_name(f"{inbox.name}.{name}.owner")
