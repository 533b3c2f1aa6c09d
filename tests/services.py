"""The service as a process of its own, forked from one that has imported it.

The import takes longer than most tests use their service. The start from nothing is tested by `started` in
`tests/ansari_whatsapp/test_service.py`, by the soak test, and by every world that deploys the real service.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from subprocess import TimeoutExpired

from tests.ready import PRELOADED

ROOT = Path(__file__).parents[1]
_ONE_AT_A_TIME = threading.Lock()


class Service:
    """A process that a test signals and waits for, as it would with `subprocess.Popen`. Any thread."""

    def __init__(self, reports: Connection) -> None:
        self._reports = reports
        self._lock = threading.Lock()
        self._code: int | None = None
        self.pid: int = reports.recv()

    def poll(self) -> int | None:
        """Return the exit code, or the negative number of the signal that ended it; None while it runs."""
        if not self._lock.acquire(blocking=False):
            return self._code  # another thread waits for its end
        try:
            return self._ended(0)
        finally:
            self._lock.release()

    def wait(self, seconds: float) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        with self._lock:
            code = self._ended(seconds)
        if code is None:
            raise TimeoutExpired("ansari_whatsapp", seconds)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, within: float) -> int | None:
        if self._code is None and self._reports.poll(within):
            self._code = self._reports.recv()
            self._reports.close()
        return self._code


def start_service(environ: Mapping[str, str], output: int) -> Service:
    """Start it with this environment alone; what it prints goes to the file descriptor `output`."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with _ONE_AT_A_TIME:
        template = _template()
        template.send(dict(environ))
        for descriptor in (output, theirs.fileno()):
            send_handle(template, descriptor, os.getpid())
    theirs.close()
    return Service(ours)


@functools.cache
def _template() -> Connection:
    """Start the process that services are forked from, and return the connection to it. It ends with this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    ours, theirs = context.Pipe()
    context.Process(target=_fork_services, args=(theirs,), daemon=True).start()
    theirs.close()
    return ours


def _fork_services(requests: Connection) -> None:
    from ansari_whatsapp import app, server, telemetry
    from ansari_whatsapp.__main__ import main

    del app, server, telemetry  # `main` imports them late
    gc.collect()
    gc.freeze()  # a search for garbage would copy the pages that all services share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets a watcher that has ended
    while True:
        try:
            environ = requests.recv()
        except EOFError:
            return
        output, reports = recv_handle(requests), recv_handle(requests)
        if os.fork() == 0:
            _watch(Connection(reports, readable=False))
            _become_service(environ, output)
            main()
            return  # its process ends as any other, when its threads have
        os.close(output)
        os.close(reports)


def _watch(reports: Connection) -> None:
    """Return in a new process; this one reports its number and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        return
    reports.send(pid)
    reports.send(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become_service(environ: Mapping[str, str], output: int) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environ)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, opened in enumerate((nothing, output, output)):
        os.dup2(opened, descriptor)
    os.closerange(3, 1024)  # a started program keeps nothing else, either
    sys.stdin, sys.stdout = open(0), open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 -- as Python
    sys.argv = ["ansari-whatsapp"]
