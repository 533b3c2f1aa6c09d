"""`deployer reconcile ENV`: make AWS equal to the manifest."""

from __future__ import annotations

import json
from collections.abc import Callable

from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.errors import Refused
from deployer.local.settings import world_settings
from deployer.verbs.environment import Environment
from deployer.verbs.plan import refuse_blocked


def apply(environment: Environment, plan: Plan, *, ask: Callable[[str], str] | None) -> Outcome:
    """Carry out a plan that was shown. A protected environment asks for its name first.

    `ask` puts a question to a person; None means nobody is there, and a protected environment is refused.
    """
    refuse_blocked(plan)
    if plan.empty:
        return Outcome(0, False, plan.live_number, plan.release, "", 0)
    if environment.loaded.manifest.protect.confirm:
        _confirm(plan.environment, ask)
    return environment.run.apply(plan)


def _confirm(name: str, ask: Callable[[str], str] | None) -> None:
    if ask is None:
        raise Refused(f"{name} is protected and asks a person, but there is no terminal", fix="run it on a terminal")
    if ask(f"Type the environment's name to apply this plan [{name}]: ").strip() != name:
        raise Refused("not confirmed; nothing was changed")


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
