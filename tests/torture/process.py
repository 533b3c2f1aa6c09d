"""The deployer in processes of its own: real ones, which a kill -9 ends at once, forked from one that is ready."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from deployer.__main__ import main

PRELOADED = ["tests.torture.process", "tests.torture.loaded"]
DEADLINE = 100  # seconds


@dataclass(frozen=True)
class Done:
    """`code` is the exit code, or the negative number of the signal that ended it."""

    code: int
    said: str


def run(folder: Path, *arguments: str, stdin: str = "", started: Callable[[int], None] = lambda _: None) -> Done:
    """Run one command in `folder` and wait for its end. `started` is told its process before it does anything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as place:
        said, fed = Path(place) / "said", Path(place) / "fed"
        fed.write_text(stdin)
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, folder, arguments, said, fed), daemon=True)
        process.start()
        theirs.close()
        assert process.pid is not None
        started(process.pid)
        ours.send("go")
        process.join(DEADLINE)
        assert process.exitcode is not None, f"{arguments} has not ended"
        ours.close()
        return Done(process.exitcode, said.read_text())


def _child(wait: Connection, folder: Path, arguments: tuple[str, ...], said: Path, fed: Path) -> None:
    wait.recv()
    os.chdir(folder)
    sys.stdin = fed.open()
    out = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(out, 1)
    os.dup2(out, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
