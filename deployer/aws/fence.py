"""Stop every AWS write of a run that can no longer prove that it holds the lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

# The verbs of AWS operations that change nothing. Any other operation counts as a write.
READS: Final = re.compile(r"(BatchCheck|BatchGet|Describe|Filter|Get|List|Simulate)[A-Z]|Query$")


def writes(operation: str) -> bool:
    """Whether an operation such as "PutParameter" changes anything at AWS."""
    return READS.match(operation) is None


class Fence:
    """Runs a proof immediately before a client sends a write: after signing, and again before each retry.

    It is part of the client, so that no caller can forget it. A process that slept between its decision and its
    request, or that waited because AWS asked for fewer calls, proves the lock again before the request leaves.
    """

    def __init__(self) -> None:
        self._prove: Callable[[], None] | None = None

    @contextmanager
    def guarded_by(self, prove: Callable[[], None]) -> Iterator[None]:
        """Run `prove` before each write inside this block. Its exception reaches the caller of the client."""
        assert self._prove is None, "a session holds one lock at a time"
        self._prove = prove
        try:
            yield
        finally:
            self._prove = None

    def before_send(self, *, event_name: str, **_: Any) -> None:
        """Handle botocore's event `before-send.SERVICE.OPERATION`; what it raises is raised by the client."""
        if self._prove is not None and writes(event_name.rpartition(".")[2]):
            self._prove()
