"""`deployer unlock ENV`: break a lock that was left behind, after showing it."""

from __future__ import annotations

from collections.abc import Callable

from deployer.aws import lock
from deployer.core.person import person
from deployer.core.release import ledger_path
from deployer.environment.open import open_identity
from deployer.errors import Refused, as_typed
from deployer.manifest.identity import Identity
from deployer.view.progress import Reporter


def unlock(identity: Identity, report: Reporter, *, ask: Callable[[str], str] | None, approve: str | None) -> str:
    """Show the lock, then break it when a person types the environment's name or `approve` is its id."""
    name = identity.environment
    session, _ = open_identity(identity)
    ledger = ledger_path(identity.app, name)
    held = lock.read(session.ssm, ledger)
    if held is None:
        return f"{name} is not locked."
    report.note(f"lock {held.id} of {name}")
    report.note(f"  holder   {person(held.holder)}, {held.where}")
    report.note(f"  since    {held.since}, last heartbeat {held.beat}")
    if held.release:
        operation = f", operation {held.operation}" if held.operation else ""
        report.note(f"  doing    deploying release {held.release}{operation}: it continues without the lock")
    if held.over:
        report.note(as_typed(f"  That run has ended: just reconcile {name} takes the lock and continues from there."))
    else:
        report.note("  That run is alive: breaking the lock stops it before its next change.")
    if approve is not None:
        agreed = approve == held.id
    elif ask is not None:
        agreed = ask(f"Type the environment's name to break it [{name}]: ").strip() == name
    else:
        raise Refused("no terminal to confirm at", fix=f"just unlock {name} --approve {held.id}")
    if not agreed:
        raise Refused("not confirmed; the lock stays")
    if not lock.break_it(session.ssm, ledger, held):
        raise Refused("another run has just taken the lock; it was not broken", fix=f"check again: just unlock {name}")
    return f"The lock of {name} is broken."
