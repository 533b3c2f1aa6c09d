"""A hold as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.hold import Hold
from deployer.core.person import person_name
from deployer.errors import as_typed
from deployer.resources.plan import Plan
from deployer.view.safe import one_line
from deployer.view.times import minute


def since(hold: Hold) -> str:
    """Who placed it, when and why, on one line."""
    if not hold.readable:
        return reason(hold)
    return one_line(f"by {person_name(hold.who)}, {minute(hold.when)}: {hold.reason}")


def who(hold: Hold) -> str:
    """Who placed it: an ARN or a name."""
    return hold.who if hold.readable else "an unknown user"


def reason(hold: Hold) -> str:
    """Why it was placed."""
    return hold.reason if hold.readable else "the hold in the ledger cannot be read"


def plan_lines(plan: Plan) -> Iterator[str]:
    """What a plan shows of the hold; nothing when there is none."""
    hold = plan.hold
    if hold is None:
        return
    yield f"held: {since(hold)}"
    if plan.held:
        yield as_typed(f"    no deployment before the hold is lifted: just resume {plan.environment}")


def render_hold(environment: str, hold: Hold | None) -> str:
    """The hold on an environment, and the command that lifts it."""
    if hold is None:
        return f"{environment} is not held."
    allowed = "Only rollback, status and logs work" if hold.strict else "Nothing is deployed"
    lifts = as_typed(f"just resume {environment}")
    return f"{environment} is held {since(hold)}\n{allowed} until the hold is lifted: {lifts}"
