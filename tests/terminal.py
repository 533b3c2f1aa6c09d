"""A command on a terminal: what is typed is typed when it is asked for."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path

WITHIN = 60.0  # seconds


def on_terminal(command: Sequence[str], cwd: Path, *typed: tuple[str, str]) -> tuple[int, str]:
    """The exit code, and all that was shown. `typed` are pairs of what is waited for, and the line that answers it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as it:
        os.close(theirs)
        try:
            shown = _conversation(ours, typed)
            code = it.wait(WITHIN)
        except BaseException:
            it.kill()  # or it would be waited for
            raise
    os.close(ours)
    return code, shown


def _conversation(ours: int, typed: Sequence[tuple[str, str]]) -> str:
    shown = ""
    for prompt, answer in typed:
        before = len(shown)
        while prompt not in shown[before:]:
            more = _read(ours)
            assert more, f"it ended before it asked {prompt!r}: {shown}"
            shown += more
        os.write(ours, f"{answer}\n".encode())
    while more := _read(ours):
        shown += more
    return shown


def _read(terminal: int) -> str:
    assert select.select([terminal], [], [], WITHIN)[0], "it says nothing, and waits for something"
    try:
        return os.read(terminal, 4096).decode(errors="replace")
    except OSError:  # how Linux says that nobody is left at the other end
        return ""
