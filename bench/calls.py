"""How often each verb calls AWS, and how many of these calls change something."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from bench.measure import Result
from bench.world import World
from deployer.__main__ import main

READS = re.compile(r"(BatchGet|Describe|Filter|Get|List)\w+")


def measure(world: World) -> list[Result]:
    """Deploys first: the world is as its manifest says afterwards."""
    manifest = str(world.manifest)
    results = _verb("reconcile, everything from nothing", ["reconcile", manifest])
    results += _verb("plan, nothing to do", ["plan", manifest], writes=0)
    results += _verb("reconcile, nothing to do", ["reconcile", manifest], writes=0)
    results += _verb("secret set", ["secret", "set", manifest, "meta-webhook-verify-token"], stdin="a-new-verify-token")
    results += _verb("reconcile, one secret changed", ["reconcile", manifest])
    return results


def _verb(name: str, arguments: list[str], *, writes: int | None = None, stdin: str = "") -> list[Result]:
    said = io.StringIO()
    typed, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        with _counted() as calls, redirect_stdout(said), redirect_stderr(said):
            code = main(arguments)
    finally:
        sys.stdin = typed
    if code:
        raise RuntimeError(f"deployer {arguments[0]} ended with {code}: {said.getvalue()[-800:]}")
    changing = {call: count for call, count in calls.items() if not READS.fullmatch(call)}
    note = ", ".join(f"{count} {call}" for call, count in sorted(changing.items()))
    return [
        Result(f"{name}: calls", calls.total()),
        Result(f"{name}: calls that change", sum(changing.values()), at_most=writes, note=note),
    ]


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """The calls of this process by the name of the operation, as botocore's own log tells them."""
    calls: Counter[str] = Counter()

    class Count(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if str(record.msg).startswith("Making request for") and isinstance(record.args, tuple):
                calls[getattr(record.args[0], "name", "")] += 1

    log, handler = logging.getLogger("botocore.endpoint"), Count()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield calls
    finally:
        log.setLevel(level)
        log.removeHandler(handler)
