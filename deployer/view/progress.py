"""Progress on stderr: one line when something happens, with the time since the start."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TextIO

from deployer import secrecy
from deployer.errors import UsageError
from deployer.view.safe import hanging, terminal, workflow

CONTINUED = 20  # columns before the second line of a note: more than any line of the deployer has before its first word


def write(text: str, stream: TextIO, *, colours: bool = False) -> None:
    """Write all text now, without any secret and safe for a terminal: everything that is shown is written here.

    If the reader has closed the stream, the run continues.
    """
    shown = terminal(secrecy.without_secrets(text), colours=colours)
    _put(workflow(shown) if os.environ.get("GITHUB_ACTIONS") else shown, stream)


def write_data(text: str, stream: TextIO) -> None:
    """Write data for another program exactly as it is; to a terminal like all other text.

    Raises UsageError when a secret that this process knows is in it: without it, the data would be wrong.
    """
    if stream.isatty():
        write(text, stream)
    elif secrecy.hide(text) != text:
        raise UsageError(
            "the output would hold one of this command's own credentials; nothing was written",
            why="a variable of your shell with a name such as API_KEY has the value of a literal",
            fix="unset that variable and run again",
        )
    else:
        _put(text, stream)


def write_raw(text: str, stream: TextIO) -> None:
    """Write text from outside as it is, except for secrets. Never to a terminal."""
    _put(secrecy.without_secrets(text), stream)


def _put(text: str, stream: TextIO) -> None:
    """Write to a stream. If the reader has closed it, the run continues."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Reporter:
    """Lines such as `  00:03  deploy     health checks on :8001/`. Colour is for terminals only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = time.monotonic()

    def step(self, name: str, text: str) -> None:
        """Report one step that was done or begun."""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        self.note(f"  {minutes:02}:{seconds:02}  {name:<11} {text}")

    def warn(self, text: str) -> None:
        """Report something worth knowing that stops nothing."""
        self.step("warning", text)

    def note(self, text: str) -> None:
        """Write a line between the steps."""
        with suppress(OSError):  # such as a full disk: that must not stop the run either
            write(f"{hanging(text, CONTINUED)}\n", self._stream)
