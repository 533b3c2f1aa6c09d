"""The common part of reconcile, rollback and promote: show a plan, ask for consent, apply it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from deployer.environment.consent import Consent
from deployer.environment.holds import not_deployed
from deployer.environment.open import Environment
from deployer.environment.plan import make_plan, refuse_blocked, refuse_paused
from deployer.resources.outcome import Outcome, unchanged
from deployer.resources.plan import Plan
from deployer.run.look import Comparison
from deployer.view.pause_text import not_applied

Show: TypeAlias = Callable[[Environment, Comparison], None]  # shows a plan before consent is asked for


class PlanOutcome(Struct, frozen=True):
    """The outcome of a plan, and why it was not applied where it was not; "" where it was, or was empty."""

    environment: Environment
    outcome: Outcome
    why_not: str = ""


def settled_plan(environment: Environment) -> Comparison:
    """The plan, after what an earlier run left under way has ended."""
    planned = make_plan(environment)
    if not planned.observed.unsettled:
        return planned
    from deployer.environment.apply import settle  # noqa: PLC0415 -- an environment with nothing to do never loads it

    settle(environment)
    return make_plan(environment)


def carry_out_plan(
    environment: Environment,
    planned: Comparison,
    show: Show,
    consent: Consent,
    *,
    retry: bool = False,
    unless_held: bool = False,
    agree: Callable[[Plan], None] | None = None,
) -> PlanOutcome:
    """Show the plan, and apply it when it is agreed to. A plan that is empty, or that waits, changes nothing.

    `retry` deploys content that failed before. With `unless_held` a held environment is not an error. `agree` asks for
    more than the environment's protection does; it raises Refused.
    Raises Blocked and Refused, having changed nothing.
    """
    plan = planned.plan
    show(environment, planned)
    refuse_paused(plan)
    refuse_blocked(plan)
    if plan.empty:
        return PlanOutcome(environment, unchanged(plan))
    if plan.postponed and not plan.held:
        return PlanOutcome(environment, unchanged(plan), not_applied(plan))
    if unless_held and plan.held:
        return PlanOutcome(environment, unchanged(plan), not_deployed(plan))
    if agree is not None:
        agree(plan)
    from deployer.environment.apply import apply_plan  # noqa: PLC0415 -- a run that finds nothing to do never loads it

    return PlanOutcome(environment, apply_plan(environment, planned, consent, retry=retry))
