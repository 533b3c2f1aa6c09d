"""Start processes that cannot outlive this process, however it ends.

Two nets below each process. A watcher process holds the other end of a pipe: when this process is gone the pipe
ends, and the watcher kills every process group that was reported to it, children of children included. On Linux the
kernel also kills the process itself when the thread that spawned it ends (prctl(2), PR_SET_PDEATHSIG).

This file runs as a script too, so it uses nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PR_SET_PDEATHSIG = 1
CANNOT_START = 127  # the exit code a shell gives for a program that is not there


class Guard:
    """Starts processes from a thread that lives as long as the guard, because the kernel ties the processes to it."""

    def __init__(self) -> None:
        self._spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")
        self._watcher: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        self._watcher = self._spawner.submit(_start_watcher).result()

    def spawn(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `argv` as the leader of its own group, with stdout and stderr in one pipe and no stdin.

        A program that cannot be started becomes a process that reports that on its output and exits with 127.
        """
        return self._spawner.submit(self._spawn, argv, cwd, env).result()

    def _spawn(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*_this_script(), "run", str(os.getpid()), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(env),
            start_new_session=True,
        )
        self._tell(f"+{process.pid}")
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(b"go\n")  # only now, when the watcher knows it, may the program begin
        return process

    def ended(self, process: subprocess.Popen[bytes]) -> None:
        """Kill what is left of the group of a process that has ended, and forget it."""
        kill_group(process.pid)
        self._tell(f"-{process.pid}")

    def stop(self) -> None:
        """End the watcher; it kills whatever was not reported as ended."""
        if self._watcher is not None:
            assert self._watcher.stdin is not None
            self._watcher.stdin.close()
            self._watcher.wait()
        self._spawner.shutdown()

    def _tell(self, line: str) -> None:
        assert self._watcher is not None
        assert self._watcher.stdin is not None
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._watcher.stdin.write(f"{line}\n".encode())
            self._watcher.stdin.flush()


def kill_group(group: int) -> None:
    """Send SIGKILL to a process group if it exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _this_script() -> list[str]:
    return [sys.executable, "-I", "-S", __file__]  # isolated: quick, and blind to PYTHON* variables


def _start_watcher() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_this_script(), "watch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )


def _watch() -> None:
    """Read `+GROUP` and `-GROUP` lines until the pipe ends, then kill the groups that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        group = int(line[1:])
        (groups.add if line[:1] == b"+" else groups.discard)(group)
    for group in groups:
        kill_group(group)


def _run(parent: int, argv: list[str]) -> None:
    """Become `argv`, tied to the process `parent`."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 -- the watcher does without it

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)  # it died before the net was tied
    if os.read(0, 3) != b"go\n":
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores these, and exec would pass that on
    try:
        os.execvp(argv[0], argv)  # noqa: S606 -- there is no shell to want
    except OSError as error:
        os.write(2, f"cannot start {argv[0]}: {error.strerror}\n".encode())
        os._exit(CANNOT_START)


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        _watch()
    else:
        _run(int(sys.argv[2]), sys.argv[3:])
