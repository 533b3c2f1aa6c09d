"""`deployer reconcile ENV`: make AWS equal to the manifest."""

from __future__ import annotations

import json
from collections.abc import Callable

from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.local.settings import world_settings
from deployer.verbs import protection
from deployer.verbs.environment import Environment
from deployer.verbs.plan import refuse_blocked


def apply(environment: Environment, plan: Plan, *, ask: Callable[[str], str] | None) -> Outcome:
    """Carry out a plan that was shown, unless the environment's protection refuses it.

    `ask` puts a question to a person; None means that nobody is there.
    """
    refuse_blocked(plan)
    if plan.empty:
        return Outcome(0, False, plan.live_number, plan.release, "", 0)
    protection.check(environment, plan, ask)
    return environment.run.apply(plan)


def show(environment: Environment, outcome: Outcome, *, as_json: bool, just: str) -> str:
    """What came of it, for stdout; ends with the next thing to try. `just` is how the user calls it."""
    if as_json:
        return json.dumps(vars(outcome), sort_keys=True)
    if not outcome.deployed:
        return f"Done: {outcome.changes} applied, no deployment was needed." if outcome.changes else ""
    lines = [f"Release {outcome.number} ({outcome.release}) is live: {outcome.url}"]
    if environment.wanted.local:
        settings = world_settings(environment.loaded)
        lines += [
            f'Next: {just} say {environment.wanted.environment} "What is Ansari?"',
            f"      or chat with it in a browser: {settings.meta_url}",
        ]
    return "\n".join(lines)
