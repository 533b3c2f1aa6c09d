"""Errors of the operating system and the interpreter: files, disk, memory, network, text encodings."""

from __future__ import annotations

import errno
import os
import shlex
import socket
from collections.abc import Mapping
from typing import Final

from deployer.errors import DeployerError
from deployer.explain.libraries import NETWORK_FIX
from deployer.explain.names import outside

_LONGEST_NAME: Final = 200  # characters: anything longer is not a file's name, and may be a secret
_PATH: Final = "{path}"

# What happened, and the fix. {path} is the file's name as a shell reads it.
_FILE: Final[Mapping[int, tuple[str, str]]] = {
    errno.EACCES: ("{path} may not be accessed by this user", "give this user access, after: ls -ld {path}"),
    errno.EPERM: ("{path} may not be accessed by this user", "give this user access, after: ls -ld {path}"),
    errno.ENOENT: ("{path} does not exist", "check the path; if it is a program, install it"),
    errno.ENOTDIR: ("{path} is not below a directory", "check the path: ls -ld {path}"),
    errno.EISDIR: ("{path} is a directory, not a file", "name a file instead"),
    errno.EEXIST: ("{path} already exists", "move it away, or name another file, then run again"),
    errno.ENOTEMPTY: ("{path} is not empty", "move its files away, then run again"),
    errno.ELOOP: ("{path} is a link that leads to itself", "correct the link, after: ls -l {path}"),
    errno.ENAMETOOLONG: ("a file name is too long", "name the file with fewer characters"),
    errno.EROFS: ("{path} is on a file system that cannot be written", "run in a directory that can be written"),
    errno.EXDEV: ("{path} is on another file system", "run in a directory of the same file system"),
    errno.EBUSY: ("{path} is in use", "stop the program that uses it, after: fuser -v {path}"),
    errno.ETXTBSY: ("{path} is being executed", "wait until the program has ended, then run again"),
    errno.ENOEXEC: ("{path} is not a program of this system", "install the program for this system again"),
    errno.ESTALE: ("{path} was removed from its file server", "mount the file server again, then run again"),
    errno.EIO: ("{path} could not be read or written", "check the disk (dmesg | tail), then run again"),
}
_MACHINE: Final[Mapping[int, tuple[str, str]]] = {
    errno.ENOSPC: ("the disk is full", "free some space (df -h), then run again"),
    errno.EDQUOT: ("this user's disk quota is used up", "free some space (quota), then run again"),
    errno.EFBIG: ("a file became larger than this system allows", "raise the limit: ulimit -f unlimited"),
    errno.EMFILE: ("too many files are open in this process", "raise the limit: ulimit -n 4096, then run again"),
    errno.ENFILE: ("too many files are open on this machine", "stop other programs, then run again"),
    errno.ENOMEM: ("there is not enough memory", "stop other programs (free -h), then run again"),
    errno.EAGAIN: ("the system could not start a process or wait for input", "check ulimit -u, then run again"),
    errno.E2BIG: ("a command line or its environment is too long", "unset large variables, then run again"),
    errno.EPIPE: ("the program that read the output has ended", "run again without the pipe"),
    errno.EBADF: ("a file was closed while it was in use", "run again with open standard streams"),
    errno.EADDRINUSE: ("a port is in use by another program", "stop that program, after: ss -ltnp"),
    errno.EADDRNOTAVAIL: ("an address does not belong to this machine", "correct the endpoint in the manifest"),
    errno.EINTR: ("a call was interrupted", "run again"),
}


def explain_system(error: BaseException) -> DeployerError | None:
    """The error for a person; None when it is not of this kind."""
    if isinstance(error, OSError):
        return _os(error)
    if isinstance(error, MemoryError):
        return DeployerError("there is not enough memory", fix=_MACHINE[errno.ENOMEM][1])
    if isinstance(error, RecursionError):
        return DeployerError(
            "a file or an answer is nested too deeply",
            why=type(error).__name__,
            fix="flatten the file; if it is not, run again with DEPLOYER_TRACEBACK=1 and report it",
        )
    if isinstance(error, EOFError):
        return DeployerError(
            "the input ended before a question was answered", fix="run at a terminal, or give the value as an option"
        )
    if isinstance(error, UnicodeError):
        return _text(error)
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return DeployerError("this system allows no further thread", fix="raise the limit: ulimit -u, then run again")
    return None


def _text(error: UnicodeError) -> DeployerError:
    """The text itself is left out: it may hold a secret."""
    encoding = getattr(error, "encoding", "")
    name = f" {outside(encoding)}" if isinstance(encoding, str) and encoding else ""
    if isinstance(error, UnicodeEncodeError):
        what, fix = f"a text holds characters that{name} cannot write", "export PYTHONUTF8=1 LC_ALL=C.UTF-8, run again"
    else:
        what, fix = f"a file, an answer or an address is not{name} text", "save the file as UTF-8, then run again"
    return DeployerError(what, why=type(error).__name__, fix=fix)


def _os(error: OSError) -> DeployerError:
    number = error.errno or 0
    why = outside(error.strerror or type(error).__name__)
    if number in _MACHINE and not isinstance(error, socket.gaierror | socket.herror):
        what, fix = _MACHINE[number]
        return DeployerError(what, why=why, fix=fix)
    if number in _FILE and not isinstance(error, socket.gaierror | socket.herror):
        what, fix = _FILE[number]
        path = _path(error)
        if path is None:
            what = what.replace(_PATH, "a file")
            fix = fix.partition(", after: ")[0].replace(_PATH, "PATH")
        else:
            what, fix = what.replace(_PATH, path), fix.replace(_PATH, path)
        return DeployerError(what, why=why, fix=fix)
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror | socket.herror) or number in _UNREACHABLE:
        return DeployerError("the network did not answer", why=why, fix=NETWORK_FIX)
    subject = _path(error)
    about = f": {subject}" if subject else ""
    return DeployerError(
        f"the operating system refused an operation{about}", why=why, fix="correct what it reports, then run again"
    )


_UNREACHABLE: Final = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EHOSTDOWN,
    errno.ENETRESET,
    errno.ENOTCONN,
    errno.EPROTO,
}


def _path(error: OSError) -> str | None:
    name = error.filename
    if not isinstance(name, str | bytes) or not name or len(name) > _LONGEST_NAME:
        return None
    return shlex.quote(outside(os.fsdecode(name)))
