"""`deployer hold ENV`: stop deployments by hand for an incident, or show the hold."""

from __future__ import annotations

import json

from msgspec import to_builtins

from deployer.aws import hold as ledger_hold
from deployer.aws.session import Session
from deployer.core.hold import LONGEST_REASON, Hold, by_hand, one_line
from deployer.errors import UsageError, as_typed
from deployer.manifest.credentials import credential_in
from deployer.view.documents import HoldDocument
from deployer.view.hold_text import since


def place(session: Session, who: str, ledger: str, reason: str) -> Hold:
    """Place a hold, or replace an existing hold and keep its refused sources. Raises UsageError for an unusable reason.

    A run that is under way is not stopped: its deployment cannot be cancelled.
    """
    if what := credential_in(reason):
        raise UsageError(f"this reason looks like {what}; nothing was changed", fix="word it without the value")
    if not one_line(reason) or len(reason) > LONGEST_REASON:
        raise UsageError(f"a reason has 1 to {LONGEST_REASON} characters; nothing was changed", fix="--reason TEXT")
    old = ledger_hold.read(session.ssm, ledger)
    made = by_hand(old, ledger_hold.new(who, reason))
    ledger_hold.place(session.ssm, ledger, made, over=old)
    return made


def show(hold: Hold | None, environment: str, *, as_json: bool) -> str:
    """The hold for people or programs."""
    if as_json:
        found = None
        if hold is not None:
            found = HoldDocument(
                id=hold.id,
                environment=environment,
                kind=hold.kind,
                who=hold.who,
                when=hold.when,
                reason=hold.reason,
                release=hold.release,
                to=hold.to,
            )
        return json.dumps(to_builtins(found), indent=2)
    if hold is None:
        return f"{environment} is not held."
    allowed = "Only rollback, status and logs work" if hold.strict else "Nothing is deployed"
    lifts = as_typed(f"just resume {environment}")
    return f"{environment} is held {since(hold)}\n{allowed} until the hold is lifted: {lifts}"
