"""The lock of an environment as text."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.observed import ObservedLock
from deployer.core.person import person_name
from deployer.errors import as_typed


def lock_holder(lock: ObservedLock) -> str:
    """Who holds the lock, or left it behind, and where."""
    did = "left behind" if lock.over else "held"
    return f"{did} by {person_name(lock.holder)} ({lock.where})"


def lock_lines(held: ObservedLock, environment: str) -> Iterator[str]:
    """The lock, who holds it, and what breaking it does."""
    yield f"lock {held.id} of {environment}"
    yield f"  holder   {person_name(held.holder)}, {held.where}"
    yield f"  since    {held.since}, last heartbeat {held.beat}"
    if held.release:
        operation = f", operation {held.operation}" if held.operation else ""
        yield f"  doing    deploying release {held.release}{operation}: it continues without the lock"
    if held.over:
        yield as_typed(f"  That run has ended: just reconcile {environment} takes the lock and continues from there.")
    else:
        yield "  That run is alive: breaking the lock stops it before its next change."


def render_unlocked(environment: str, *, was_locked: bool) -> str:
    """The outcome of an unlock."""
    return f"The lock of {environment} is broken." if was_locked else f"{environment} is not locked."
