"""Start local worlds by forking a process that has imported moto.

The import takes longer than most test files use their world. The start from nothing is tested by the files that use
`cold_checkout`, by `tests/e2e/test_operator.py` and by the commands of the documentation.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from deployer.local.lifecycle import find_usable
from deployer.local.settings import WorldSettings, world_settings
from deployer.manifest.load import load_manifest
from tests.ready import PRELOADED

WITHIN = 60.0  # seconds
NOBODYS = "999999999999"  # the account whose moto is loaded before the fork; no manifest names it


def start_world(manifest: Path) -> None:
    """Start the local world of a manifest, as `deployer local up` does, and wait until it answers."""
    settings = world_settings(load_manifest(manifest))
    settings.images.mkdir(parents=True, exist_ok=True)
    _template().send((settings, dict(os.environ)))
    end = time.monotonic() + WITHIN
    while find_usable(settings) is None:
        assert time.monotonic() < end, settings.log.read_text()
        time.sleep(0.01)


@functools.cache
def _template() -> Connection:
    """Start the process that worlds are forked from, and return the connection to it. It ends with this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    ours, theirs = context.Pipe()
    context.Process(target=_fork_worlds, args=(theirs,), daemon=True).start()
    theirs.close()
    return ours


def _fork_worlds(requests: Connection) -> None:
    from moto.moto_api._internal import mock_random

    from deployer.local.moto_services import MotoServices

    MotoServices(NOBODYS, "us-west-2").load()
    gc.collect()
    gc.freeze()  # a search for garbage would copy the pages that all worlds share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets a world that has ended
    while True:
        try:
            settings, variables = requests.recv()
        except EOFError:
            return
        if os.fork() == 0:
            mock_random.seed()
            _run(settings, variables)


def _run(settings: WorldSettings, variables: dict[str, str]) -> None:
    """Run a world in this process, as the one that `lifecycle.up` starts."""
    from deployer.local.world import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(settings.root)
    os.environ.clear()
    os.environ.update(variables)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(settings.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor, opened in enumerate((nothing, log, log)):
        os.dup2(opened, descriptor)
    os.closerange(3, 1024)  # a started program keeps nothing else, either
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    main(str(settings.manifest.resolve()))
