"""Refuse what a hold forbids: see deployer/core/hold.py."""

from __future__ import annotations

from deployer.aws import hold as ledger_hold
from deployer.aws.session import Session
from deployer.core.hold import Hold
from deployer.core.release import ledger_path
from deployer.errors import Refused, as_typed
from deployer.resources.plan import Plan
from deployer.view.hold_text import since


def refuse_held_plan(plan: Plan) -> None:
    """Raise Refused when a hold refuses the plan."""
    if plan.hold is not None and plan.held:
        raise held(plan.hold, plan.environment)


def not_deployed(plan: Plan) -> str:
    """The message for a pipeline, which does not fail while the environment is held."""
    who = since(plan.hold) if plan.hold else ""
    lifts = as_typed(f"just resume {plan.environment}")
    return f"Not deployed: {plan.environment} is held {who}. To lift the hold: {lifts}"


def refuse_incident(session: Session, app: str, environment: str) -> None:
    """Raise Refused while an operator holds the environment: only rollback, status and logs work then."""
    hold = ledger_hold.read(session.ssm, ledger_path(app, environment))
    if hold is not None and hold.strict:
        raise held(hold, environment)


def held(hold: Hold, environment: str) -> Refused:
    """The error: who placed the hold, when and why, and the command that lifts it."""
    return Refused(
        f"{environment} is held; nothing was changed",
        why=since(hold),
        fix=f"when this may be deployed again, lift the hold: just resume {environment}",
    )
