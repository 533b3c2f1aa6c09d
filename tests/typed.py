"""A `deployer` for the PATH of a shell, that runs in a process forked from one that has imported it.

The shell runs the same program with the same arguments, terminal and variables; only the imports are saved. The
README's commands, the newcomer's and those of `tests/cli` start as new processes that import everything.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from deployer.__main__ import run
from tests.ready import PRELOADED

# Isolated and without site-packages, an interpreter starts in ten milliseconds.
CLIENT: Final = """\
#!{python} -IS
import json, os, signal, socket, sys

server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
request = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
server.sendall(request)
reports = server.makefile()
process = int(reports.readline())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(process, number))
code = int(reports.readline())
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def write_deployer(path: Path) -> None:
    """Write the program. It works as long as this process lives."""
    path.write_text(CLIENT.format(python=sys.executable, address=str(_server())))
    path.chmod(0o755)


@functools.cache
def _server() -> Path:
    """Start the process that commands are forked from; return its socket. It ends with this process."""
    address = Path(tempfile.mkdtemp()) / "commands"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    ours, theirs = context.Pipe(duplex=False)
    context.Process(target=_serve, args=(address, theirs), daemon=True).start()
    ours.recv()
    return address


def _serve(address: Path, listening: Connection) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets a watcher that has ended
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        listening.send("yes")
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _watch(client)
                return  # the command's process ends as any other
            client.close()


def _watch(client: socket.socket) -> None:
    """Run the command in a new process, which returns from here; this one reports its number and how it ended."""
    length, descriptors, _, _ = socket.recv_fds(client, 4, 3)
    request = client.makefile("rb").read(int.from_bytes(length, "big"))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process == 0:
        client.close()
        _become(descriptors, *json.loads(request))
        return
    client.sendall(f"{process}\n".encode())
    client.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n".encode())
    os._exit(0)


def _become(descriptors: list[int], words: list[str], folder: str, variables: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, opened in enumerate(descriptors):
        os.dup2(opened, number)
    os.closerange(3, 1024)  # a started program keeps nothing else, either
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")  # noqa: SIM115 -- as Python makes it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = words
    run()
