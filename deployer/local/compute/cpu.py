"""The CPU of an instance, for platforms that take it away while no request is in flight.

Such a platform throttles the instance; how far is not documented, so here it is frozen (SIGSTOP). A health check is
answered by the instance itself, so it gives CPU for as long as it lasts.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cpu:
    """Freezes a process group by signals. `freezes` returns whether idle instances are frozen now. Of one loop."""

    def __init__(self, send: Callable[[int], None], freezes: Callable[[], bool], after: float) -> None:
        self._send = send
        self._freezes = freezes
        self._after = after
        self._limited = False
        self._frozen = False
        self._holds = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def frozen(self) -> bool:
        return self._frozen

    def limit(self) -> None:
        """Take the CPU away from now on while nothing holds it."""
        self._limited = True
        self.update()

    def free(self) -> None:
        """Give the CPU until the end of the process."""
        self._limited = False
        self._thaw()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Give the CPU meanwhile."""
        self._holds += 1
        self._thaw()
        try:
            yield
        finally:
            self._holds -= 1
            self.update()

    def update(self) -> None:
        """Freeze or thaw as `freezes` demands, which may have changed."""
        if self._holds or not self._limited:
            return
        if not self._freezes():
            self._thaw()
        elif not self._frozen and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._after, self._freeze)

    def _freeze(self) -> None:
        self._timer = None
        if self._limited and not self._holds and self._freezes():
            self._frozen = True
            self._send(signal.SIGSTOP)

    def _thaw(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._frozen:
            self._frozen = False
            self._send(signal.SIGCONT)
