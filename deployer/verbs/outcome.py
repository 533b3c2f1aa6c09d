"""Show the outcome of a reconcile or a rollback."""

from __future__ import annotations

import json

from msgspec.structs import asdict

from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.errors import as_typed
from deployer.verbs.environment import Environment
from deployer.view.pause_text import turned


def show(environment: Environment, outcome: Outcome, *, as_json: bool) -> str:
    """The outcome for stdout; ends with the next steps."""
    if as_json:
        return json.dumps(asdict(outcome), sort_keys=True)
    if outcome.turned is not None:
        return as_typed(turned(environment.desired.environment, outcome))
    if not outcome.deployed:
        return f"Done: {outcome.changes} applied, no deployment was needed." if outcome.changes else ""
    again = f", release {outcome.rollback_to} again" if outcome.rollback_to else ""
    live = f"Release {outcome.number} ({outcome.release}) is live{again}: {outcome.url}"
    return "\n".join([live, *environment.site.next_steps(rolled_back=outcome.rollback_to is not None)])


def unchanged(plan: Plan) -> Outcome:
    """The outcome of a plan that makes no change: it is empty, or it waits."""
    number, release = (plan.live.number, plan.live.release.id) if plan.live else (None, "")
    waits = len(plan.changes) if plan.postponed else 0
    return Outcome(0, False, number, plan.release if plan.empty else release, "", 0, plan.rollback_to, waits)
