"""Retry reads until an answer is young enough to act on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from deployer.errors import StateUnknown

FRESH: Final = 2.0  # seconds after which an answer is too old to act on: the process slept, or AWS was slow
ATTEMPTS: Final = 5
Read = TypeVar("Read")


def read_fresh(read: Callable[[], Read]) -> Read:
    """The result of a read that took at most FRESH seconds. A process that was stopped while it waited reads again.

    SSM has no conditional write, so a read right before the write is the condition. Raises StateUnknown when no attempt
    was fast enough.
    """
    for _ in range(ATTEMPTS):
        asked = time.time()
        value = read()
        if 0 <= time.time() - asked < FRESH:
            return value
    raise StateUnknown(
        f"AWS takes more than {FRESH:.0f} s to answer a read, so this run stopped before its next change",
        fix="wait a moment, then run again",
    )
