"""A plan that waits for the end of a declared pause, as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.errors import as_typed
from deployer.resources.outcome import Outcome
from deployer.resources.plan import Plan
from deployer.view.safe import one_line


def plan_lines(plan: Plan) -> Iterator[str]:
    """Why the plan waits, and what deploys it; nothing for a plan that does not wait."""
    if plan.postponed:
        yield f"postponed: {one_line(postponed(plan))}"
        yield f"    nothing below is applied before it runs again: {ends(plan)}"


def postponed(plan: Plan) -> str:
    """Why nothing of the plan is applied now."""
    starts = plan.target.capabilities.updates_while_paused
    why = "a deployment would start it" if starts else f"{plan.target.title} deploys nothing to a paused service"
    return f"service {plan.service_name} is paused, as env/{plan.environment}.yaml declares (service.paused), and {why}"


def ends(plan: Plan) -> str:
    """The steps that end the pause and deploy what waits. The release that ran last starts first where it has to."""
    remove = f"remove `paused: true` from env/{plan.environment}.yaml"
    if plan.target.capabilities.updates_while_paused:
        return f"{remove}, then: {as_typed(f'just reconcile {plan.environment}')}"
    resume = as_typed(f"just resume {plan.environment} --old-release-first")
    reconcile = as_typed(f"just reconcile {plan.environment}")
    return f"{remove}, then: {resume}, then: {reconcile}"


def turned(environment: str, outcome: Outcome) -> str:
    """The outcome of a reconcile that paused or resumed the service."""
    release = f"release {outcome.number} ({outcome.release})" if outcome.number else f"release {outcome.release}"
    if outcome.turned == "resumed":
        return f"{environment} runs again with {release}. See what it does: just status {environment}"
    before = f"Release {outcome.number} ({outcome.release}) was deployed and is healthy. " if outcome.deployed else ""
    again = f"remove `paused: true` from env/{environment}.yaml, then: just reconcile {environment}"
    return f"{before}{environment} is paused, as env/{environment}.yaml declares. To start it again: {again}"


def not_applied(plan: Plan) -> str:
    """The outcome of a reconcile whose plan waits."""
    count = len(plan.changes)
    waits = "1 change waits" if count == 1 else f"{count} changes wait"
    return (
        f"Not deployed: {plan.environment} is paused as declared, and {waits} until it runs again; nothing was changed."
    )
