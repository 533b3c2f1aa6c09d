"""`deployer hold ENV`: stop deployments by hand for an incident, or show the hold."""

from __future__ import annotations

from msgspec import Struct

from deployer.aws import hold as ledger_hold
from deployer.core.hold import LONGEST_REASON, Hold, by_hand, one_line
from deployer.core.release import ledger_path
from deployer.environment.open import open_identity
from deployer.environment.usable_manifest import read_usable_identity
from deployer.errors import UsageError
from deployer.manifest.credentials import credential_in
from deployer.view.progress import Reporter


class HoldOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. Without a `reason` no hold is placed."""

    environment: str
    reason: str | None = None


class HoldState(Struct, frozen=True):
    """An environment and its hold, None for none."""

    environment: str
    hold: Hold | None


def hold_environment(options: HoldOptions, report: Reporter) -> HoldState:
    """Place a hold, or replace an existing hold and keep its refused sources; without a reason, only read it.

    A run that is under way is not stopped: its deployment cannot be cancelled. Raises UsageError for an unusable
    reason.
    """
    identity = read_usable_identity(options.environment, report)
    session, who = open_identity(identity)
    ledger = ledger_path(identity.app, identity.environment)
    if options.reason is None:
        return HoldState(identity.environment, ledger_hold.read(session.ssm, ledger))
    _refuse_unusable(options.reason)
    old = ledger_hold.read(session.ssm, ledger)
    made = by_hand(old, ledger_hold.new(who, options.reason))
    ledger_hold.place(session.ssm, ledger, made, over=old)
    return HoldState(identity.environment, made)


def _refuse_unusable(reason: str) -> None:
    if what := credential_in(reason):
        raise UsageError(f"this reason looks like {what}; nothing was changed", fix="word it without the value")
    if not one_line(reason) or len(reason) > LONGEST_REASON:
        raise UsageError(f"a reason has 1 to {LONGEST_REASON} characters; nothing was changed", fix="--reason TEXT")
