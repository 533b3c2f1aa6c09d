"""Progress on stderr: one line when something happens, with the time since the start."""

from __future__ import annotations

import time
from typing import TextIO


class Reporter:
    """Lines such as `  00:03  deploy     health checks on :8001/`. Colour is for terminals only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = time.monotonic()

    def step(self, name: str, text: str) -> None:
        """One thing done or begun."""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        print(f"  {minutes:02}:{seconds:02}  {name:<11} {text}", file=self._stream, flush=True)

    def note(self, text: str) -> None:
        """A line beside the steps."""
        print(text, file=self._stream, flush=True)
