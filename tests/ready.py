"""The deployer in processes of its own: real ones, which a kill -9 ends at once, forked from one that is ready.

Importing takes most of a command's time, and the tests start about a thousand commands. The README's commands, the
newcomer's and those of `tests/cli` start as new processes that import everything.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from deployer.__main__ import run

PRELOADED = ["tests.ready", "tests.loaded"]
DEADLINE = 110  # seconds


def deployer(
    folder: Path,
    *arguments: str,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    started: Callable[[int], None] = lambda _: None,
) -> subprocess.CompletedProcess[str]:
    """Run one command in `folder` and wait for its end. `started` is told its process before it does anything.

    The return code is the exit code, or the negative number of the signal that ended it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    variables = dict(os.environ if environment is None else environment)
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("stdin", "stdout", "stderr")]
        files[0].write_text(stdin)
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, folder, arguments, files, variables), daemon=True)
        process.start()
        theirs.close()
        assert process.pid is not None
        started(process.pid)
        ours.send("go")
        process.join(DEADLINE)
        if process.exitcode is None:
            process.kill()
            process.join()
        ours.close()
        out, err = (file.read_text() if file.exists() else "" for file in files[1:])
        assert process.exitcode is not None
        done = subprocess.CompletedProcess(arguments, process.exitcode, out, err)
        process.close()
        return done


def _child(
    wait: Connection, folder: Path, arguments: tuple[str, ...], files: list[Path], variables: dict[str, str]
) -> None:
    wait.recv()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for descriptor, (file, mode) in enumerate(zip(files, "rww", strict=True)):
        opened = os.open(file, os.O_RDONLY if mode == "r" else os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")  # noqa: SIM115 -- as Python makes it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["deployer", *arguments]
    run()
