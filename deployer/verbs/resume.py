"""`deployer resume ENV`: lift a hold, after showing who placed it and why."""

from __future__ import annotations

from collections.abc import Callable

from deployer.aws import hold as ledger_hold
from deployer.aws.session import Session
from deployer.errors import Refused, as_typed
from deployer.view.hold_text import since
from deployer.view.progress import Reporter


def resume(
    session: Session,
    ledger: str,
    environment: str,
    report: Reporter,
    *,
    ask: Callable[[str], str] | None,
    approve: str | None,
) -> str:
    """Lift the hold when a person says yes or `approve` is its id. Returns what to tell the user."""
    hold = ledger_hold.read(session.ssm, ledger)
    if hold is None:
        return f"{environment} is not held."
    report.note(f"hold {hold.id} of {environment}: {since(hold)}")
    if approve is not None:
        agreed = approve == hold.id
    elif ask is not None:
        agreed = ask("Lift it? [y/N]: ").strip().lower() in {"y", "yes"}
    else:
        raise Refused(
            "there is no terminal to ask; the hold stays", fix=f"just resume {environment} --approve {hold.id}"
        )
    if not agreed:
        raise Refused("not confirmed; the hold stays", why=f"the hold is {hold.id}" if approve else "")
    ledger_hold.lift(session.ssm, ledger, hold)
    return as_typed(f"{environment} is no longer held. Deploy with: just reconcile {environment}")
