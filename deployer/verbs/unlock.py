"""`deployer unlock ENV`: break a lock that was left behind, after showing it."""

from __future__ import annotations

from msgspec import Struct

from deployer.aws import lock
from deployer.core.release import ledger_path
from deployer.environment.consent import Consent
from deployer.environment.open import open_identity
from deployer.environment.usable_manifest import read_usable_identity
from deployer.errors import Refused
from deployer.view.lock_text import lock_lines
from deployer.view.progress import Reporter


class UnlockOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class UnlockResult(Struct, frozen=True):
    """An environment, and whether it had a lock, which is broken now."""

    environment: str
    was_locked: bool


def break_lock(options: UnlockOptions, report: Reporter, consent: Consent) -> UnlockResult:
    """Show the lock, then break it when a person types the environment's name or its id was approved.

    Raises Refused otherwise.
    """
    identity = read_usable_identity(options.environment, report)
    name = identity.environment
    session, _ = open_identity(identity)
    ledger = ledger_path(identity.app, name)
    held = lock.read(session.ssm, ledger)
    if held is None:
        return UnlockResult(name, was_locked=False)
    for line in lock_lines(held, name):
        report.note(line)
    if consent.approved is not None:
        agreed = consent.approved == held.id
    elif consent.ask is not None:
        agreed = consent.ask(f"Type the environment's name to break it [{name}]: ").strip() == name
    else:
        raise Refused("no terminal to confirm at", fix=f"just unlock {name} --approve {held.id}")
    if not agreed:
        raise Refused("not confirmed; the lock stays")
    if not lock.break_it(session.ssm, ledger, held):
        raise Refused("another run has just taken the lock; it was not broken", fix=f"check again: just unlock {name}")
    return UnlockResult(name, was_locked=True)
